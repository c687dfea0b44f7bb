//! Text from outside, bounded and free of what PostgreSQL cannot keep.

use std::borrow::Cow;

use serde_json::Value;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// Text that must say something: trimmed, 1 to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

/// Text that may be empty: trimmed, 0 to `MAX` characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paragraph<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Paragraph<MAX> {
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<const MAX: usize> FromJson for Line<MAX> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let Paragraph(text) = Paragraph::<MAX>::from_json(value)?;
        if text.is_empty() { Err(ErrorTree::blank()) } else { Ok(Self(text)) }
    }
}

impl<const MAX: usize> FromJson for Paragraph<MAX> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let text = text_from_json(value)?;
        if text.chars().count() > MAX { Err(ErrorTree::max_length(MAX)) } else { Ok(Self(text)) }
    }
}

// By hand, because a derived schema does not know `MAX`.
impl<const MAX: usize> PartialSchema for Line<MAX> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX));
        text.description(Some("Text, trimmed; not empty.")).build().into()
    }
}

impl<const MAX: usize> ToSchema for Line<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Line{MAX}").into()
    }
}

impl<const MAX: usize> PartialSchema for Paragraph<MAX> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX));
        text.description(Some("Text, trimmed.")).build().into()
    }
}

impl<const MAX: usize> ToSchema for Paragraph<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Paragraph{MAX}").into()
    }
}
