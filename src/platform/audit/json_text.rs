//! JSON columns that preserve their bytes.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Json, Text};
use serde_json::Value;

/// JSON text, byte for byte. Signatures cover these bytes, which a parsed value does not preserve.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub struct JsonText(pub(super) String);

impl JsonText {
    pub(super) fn from_value(value: &Value) -> Self {
        Self(value.to_string())
    }

    /// Returns the parsed value, or null if the text has been corrupted.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl diesel::serialize::ToSql<Json, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <str as diesel::serialize::ToSql<Text, Pg>>::to_sql(&self.0, out)
    }
}

impl diesel::deserialize::FromSql<Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(value.as_bytes())?.to_owned()))
    }
}
