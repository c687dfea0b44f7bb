//! Countries of ISO 3166-1.

use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::text_column;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, QueryValue, text_from_json};

/// Country, identified by its ISO 3166-1 alpha-2 code, such as `KE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, min_length = 2, max_length = 2, example = "KE")]
pub struct Country(&'static str);

impl Country {
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    /// Returns all countries in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        rust_iso3166::ALL.iter().map(|country| Self(country.alpha2))
    }

    /// Returns the English name from ISO 3166.
    pub fn name(&self) -> &'static str {
        rust_iso3166::from_alpha2(self.0).map_or(self.0, |country| country.name)
    }

    /// Finds a country by its English name from ISO 3166. The comparison is case-insensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        rust_iso3166::ALL
            .iter()
            .find(|country| country.name.eq_ignore_ascii_case(name))
            .map(|country| Self(country.alpha2))
    }
}

impl FromStr for Country {
    type Err = ErrorTree;

    fn from_str(text: &str) -> Result<Self, ErrorTree> {
        rust_iso3166::from_alpha2(&text.trim().to_ascii_uppercase())
            .map(|country| Self(country.alpha2))
            .ok_or_else(|| ErrorTree::invalid_choice(text))
    }
}

impl FromJson for Country {
    fn from_json(value: serde_json::Value) -> Result<Self, ErrorTree> {
        text_from_json(value)?.parse()
    }
}

impl QueryValue for Country {
    fn schema() -> RefOr<Schema> {
        <Self as PartialSchema>::schema()
    }
}

text_column!(Country);
