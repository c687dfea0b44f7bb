//! Types of query parameters, and their schemas in the OpenAPI document.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat, Type};

use super::from_json::FromJson;
use crate::platform::error::ErrorTree;

/// Type that a query parameter can have.
pub trait QueryValue: FromJson {
    /// Returns the schema of the parameter for the OpenAPI document.
    fn schema() -> RefOr<Schema>;
}

macro_rules! query_values {
    ($($type:ty => $kind:ident $(, $format:expr)?;)+) => {
        $(
            impl QueryValue for $type {
                fn schema() -> RefOr<Schema> {
                    let schema = ObjectBuilder::new().schema_type(Type::$kind);
                    $( let schema = schema.format(Some($format)); )?
                    schema.build().into()
                }
            }
        )+
    };
}

query_values! {
    String => String;
    bool => Boolean;
    i32 => Integer, SchemaFormat::KnownFormat(KnownFormat::Int32);
    Decimal => String, SchemaFormat::Custom("decimal".to_owned());
    DateTime<Utc> => String, SchemaFormat::KnownFormat(KnownFormat::DateTime);
    Day => String, SchemaFormat::KnownFormat(KnownFormat::Date);
}

/// Date, such as `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

impl FromJson for Day {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let day = value.as_str().and_then(|text| text.trim().parse::<NaiveDate>().ok());
        let day = day.filter(|day| (1..=9998).contains(&day.year()));
        day.map(Self).ok_or_else(|| {
            let text = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
            ErrorTree::message("invalid", text)
        })
    }
}
