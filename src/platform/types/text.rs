//! Text input with a maximum length and without NUL, which PostgreSQL cannot store.

use std::borrow::Cow;

use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types;
use serde_json::Value;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// Trimmed text of 1 to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = sql_types::Text)]
pub struct NonEmptyText<const MAX: usize>(String);

/// Trimmed text of 0 to `MAX` characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = sql_types::Text)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> NonEmptyText<MAX> {
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Text<MAX> {
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<const MAX: usize> FromJson for NonEmptyText<MAX> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let Text(text) = Text::<MAX>::from_json(value)?;
        if text.is_empty() { Err(ErrorTree::blank()) } else { Ok(Self(text)) }
    }
}

impl<const MAX: usize> FromJson for Text<MAX> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let text = text_from_json(value)?;
        if text.chars().count() > MAX { Err(ErrorTree::max_length(MAX)) } else { Ok(Self(text)) }
    }
}

impl<const MAX: usize> ToSql<sql_types::Text, Pg> for NonEmptyText<MAX> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <str as ToSql<sql_types::Text, Pg>>::to_sql(&self.0, out)
    }
}

impl<const MAX: usize> ToSql<sql_types::Text, Pg> for Text<MAX> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <str as ToSql<sql_types::Text, Pg>>::to_sql(&self.0, out)
    }
}

// Not derived, because a derived schema cannot use `MAX`.
impl<const MAX: usize> PartialSchema for NonEmptyText<MAX> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX));
        text.description(Some("Not empty. The server trims whitespace at both ends.")).build().into()
    }
}

impl<const MAX: usize> ToSchema for NonEmptyText<MAX> {
    fn name() -> Cow<'static, str> {
        format!("NonEmptyText{MAX}").into()
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX));
        text.description(Some("The server trims whitespace at both ends.")).build().into()
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}
