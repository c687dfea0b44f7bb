//! Text from outside, bounded and free of what PostgreSQL cannot keep.

use serde_json::Value;
use utoipa::ToSchema;

use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// Text that must say something: trimmed, 1 to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 1, description = "Text, trimmed; not empty.")]
pub struct Line<const MAX: usize>(String);

/// Text that may be empty: trimmed, 0 to `MAX` characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, description = "Text, trimmed.")]
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
