//! What programs around the shop remember about a thing: an object of their own making, bounded.

use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// Deeper than this it is a database of its own.
const MOST_DEPTH: usize = 5;

/// A JSON object of at most 32 kB and five levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    pub fn into_inner(self) -> Value {
        Value::Object(self.0)
    }
}

impl FromJson for Metadata {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if depth(&value) > MOST_DEPTH {
            let text = format!("Ensure this object is at most {MOST_DEPTH} levels deep.");
            return Err(ErrorTree::message("max_depth", text));
        }
        Map::from_json(value).map(Self)
    }
}

/// Of objects and lists within one another. Bodies are never so deep that this could run out of stack.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)));
        object.description(Some("An object of any members, at most 32 kB and five levels deep.")).build().into()
    }
}

impl ToSchema for Metadata {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_has_limits() {
        assert!(Metadata::from_json(json!({"a": {"b": {"c": {"d": [1]}}}})).is_ok());
        assert!(Metadata::from_json(json!({"a": {"b": {"c": {"d": [[1]]}}}})).is_err());
        assert!(Metadata::from_json(json!({"a": "x".repeat(33_000)})).is_err());
        assert!(Metadata::from_json(json!([])).is_err());
    }
}
