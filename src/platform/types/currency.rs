//! Currencies of ISO 4217.

use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::text_column;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, QueryValue, text_from_json};

/// Currency, identified by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, min_length = 3, max_length = 3, example = "EUR")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    pub const KWD: Self = Self(iso_currency::Currency::KWD);

    pub fn as_str(&self) -> &'static str {
        self.0.code()
    }

    /// Returns the number of decimal places of the minor unit: 0 for JPY, 2 for USD, 3 for KWD.
    pub fn exponent(&self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl FromStr for Currency {
    type Err = ErrorTree;

    fn from_str(text: &str) -> Result<Self, ErrorTree> {
        iso_currency::Currency::from_code(&text.trim().to_ascii_uppercase())
            .map(Self)
            .ok_or_else(|| ErrorTree::invalid_choice(text))
    }
}

impl QueryValue for Currency {
    fn schema() -> RefOr<Schema> {
        <Self as PartialSchema>::schema()
    }
}

impl FromJson for Currency {
    fn from_json(value: serde_json::Value) -> Result<Self, ErrorTree> {
        text_from_json(value)?.parse()
    }
}

text_column!(Currency);
