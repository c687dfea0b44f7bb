//! Metadata: a JSON object of limited size that integrations attach to a resource.

use std::io::Write;

use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::Jsonb;
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::object_with_any_members;
use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// Maximum nesting depth of objects and lists.
const MAX_DEPTH: usize = 5;

/// JSON object of at most 32 kB and five levels.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    pub fn into_inner(self) -> Value {
        Value::Object(self.0)
    }
}

impl ToSql<Jsonb, Pg> for Metadata {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        // Version 1 of the binary format of jsonb.
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl FromJson for Metadata {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if depth(&value) > MAX_DEPTH {
            let text = format!("Ensure this object is at most {MAX_DEPTH} levels deep.");
            return Err(ErrorTree::message("max_depth", text));
        }
        Map::from_json(value).map(Self)
    }
}

/// Returns the nesting depth of objects and lists. The JSON parser limits it, so the recursion is safe.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        object_with_any_members("Object with any members, at most 32 kB and five levels deep.")
    }
}

impl ToSchema for Metadata {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_has_a_maximum_size_and_depth() {
        assert!(Metadata::from_json(json!({"a": {"b": {"c": {"d": [1]}}}})).is_ok());
        assert!(Metadata::from_json(json!({"a": {"b": {"c": {"d": [[1]]}}}})).is_err());
        assert!(Metadata::from_json(json!({"a": "x".repeat(33_000)})).is_err());
        assert!(Metadata::from_json(json!([])).is_err());
    }
}
