//! Access to nullable schemas.

use serde_json::{Value, json};

/// Returns the type that is not null.
pub(super) fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    }
}

/// Returns the first alternative of `oneOf` or `anyOf` that is not null.
pub(super) fn other_than_null(schema: &Value) -> Option<&Value> {
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    alternatives?.iter().find(|one| one.get("type") != Some(&json!("null")))
}
