//! Examples for bodies without one, generated from their schemas. The result is always the same.

use serde_json::{Map, Value, json};

use crate::platform::openapi::schemas::{other_than_null, type_of};

/// Maximum nesting depth of an example, which also ends recursive schemas.
const MAX_DEPTH: usize = 6;

/// Example values by string format.
const FORMATS: [(&str, &str); 7] = [
    ("uuid", "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d4e"),
    ("date-time", "2026-11-21T08:00:00Z"),
    ("date", "2026-11-21"),
    ("email", "ana@example.com"),
    ("uri", "https://shop.example/api/orders/?page=2"),
    ("decimal", "12.50"),
    ("password", "correct horse battery"),
];

/// Example values by member name.
const NAMES: [(&str, &str); 14] = [
    ("name", "Enamel mug"),
    ("first_name", "Ana"),
    ("last_name", "Wanjiru"),
    ("phone", "+254700000001"),
    ("country", "KE"),
    ("currency", "EUR"),
    ("language", "en"),
    ("sku", "MUG-1"),
    ("number", "M-7F3K2Q"),
    ("city", "Nairobi"),
    ("line1", "Moi Avenue 12"),
    ("carrier", "DHL"),
    ("tracking_number", "JD0140"),
    ("status", "healthy"),
];

/// Adds an example to every request body and successful response of every operation.
pub(super) fn add_examples(document: &mut Value) {
    let read = document.clone();
    let operations = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    let operations = operations.filter_map(|(_, item)| item.as_object_mut()).flatten().map(|(_, operation)| operation);
    for operation in operations {
        if let Some(content) = operation.pointer_mut("/requestBody/content") {
            add_example(&read, content);
        }
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
        for (status, response) in responses {
            match response.get_mut("content") {
                Some(content) if status.starts_with('2') => add_example(&read, content),
                _ => {}
            }
        }
    }
}

fn add_example(document: &Value, content: &mut Value) {
    for (_, media) in content.as_object_mut().into_iter().flatten() {
        let has_one = media.get("example").is_some() || media.get("examples").is_some();
        let schema = media.get("schema").cloned().filter(|_| !has_one);
        if let (Some(schema), Some(media)) = (schema, media.as_object_mut()) {
            media.insert("example".to_owned(), example(document, &schema, "", 0));
        }
    }
}

/// Returns an example for a schema. `name` is the name of the member that has the schema.
fn example(document: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    let given = schema.get("example").or_else(|| schema.pointer("/examples/0")).or_else(|| schema.pointer("/enum/0"));
    if let Some(given) = given {
        return given.clone();
    }
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        if let Some(example) = patch_example(document, target) {
            return example;
        }
        let target = document.pointer(target.trim_start_matches('#'));
        return target.map_or(Value::Null, |target| example(document, target, name, depth + 1));
    }
    if let Some(other) = other_than_null(schema) {
        return example(document, other, name, depth + 1);
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let parts = parts.iter().map(|part| example(document, part, name, depth + 1));
        return Value::Object(parts.filter_map(|part| part.as_object().cloned()).flatten().collect());
    }
    match type_of(schema) {
        "string" => json!(text(schema, name)),
        "integer" => schema.get("minimum").filter(|minimum| minimum.as_i64() > Some(0)).cloned().unwrap_or(json!(1)),
        "number" => json!(1.5),
        "boolean" => json!(true),
        "array" => {
            let item = schema.get("items").map(|items| example(document, items, name, depth + 1));
            Value::Array(item.into_iter().filter(|item| !item.is_null()).collect())
        }
        "object" => object(document, schema, depth),
        _ => Value::Null,
    }
}

/// Returns the example of a PATCH body: the members of the example of the complete body that the PATCH body has.
fn patch_example(document: &Value, reference: &str) -> Option<Value> {
    let (folder, name) = reference.rsplit_once('/')?;
    let schema = |name: &str| document.pointer(folder.trim_start_matches('#'))?.get(name);
    let properties = schema(name)?.get("properties")?.as_object()?;
    let complete = schema(name.strip_prefix("Patched")?)?.get("example")?.as_object()?;
    let members = complete.iter().filter(|(name, _)| properties.contains_key(*name));
    Some(Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

fn object(document: &Value, schema: &Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let member = |(name, schema): (&String, &Value)| (name.clone(), example(document, schema, name, depth + 1));
    Value::Object(properties.map(member).collect::<Map<_, _>>())
}

fn text(schema: &Value, name: &str) -> &'static str {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let known =
        FORMATS.iter().find(|(known, _)| *known == format).or_else(|| NAMES.iter().find(|(known, _)| *known == name));
    known.map_or("text", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_match_the_schema() {
        let document = json!({"components": {"schemas": {
            "Thing": {"type": "object", "properties": {
                "id": {"type": "string", "format": "uuid"},
                "sku": {"type": "string"},
                "kind": {"type": "string", "enum": ["a", "b"]},
                "quantity": {"type": "integer", "minimum": 2},
                "parent": {"oneOf": [{"type": "null"}, {"type": "string", "format": "email"}]},
                "things": {"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}},
            }},
            "Leaf": {"type": "object", "example": {"x": 1}},
        }}});
        assert_eq!(
            example(&document, &json!({"$ref": "#/components/schemas/Thing"}), "", 0),
            json!({
                "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d4e", "sku": "MUG-1", "kind": "a", "quantity": 2,
                "parent": "ana@example.com", "things": [{"x": 1}],
            })
        );
    }

    #[test]
    fn patch_body_has_the_example_of_the_complete_body() {
        let document = json!({"components": {"schemas": {
            "ThingRequest": {"type": "object", "example": {"name": "Mug", "stock": 1}},
            "PatchedThingRequest": {"type": "object", "properties": {"name": {"type": "string"}}},
        }}});
        let schema = json!({"$ref": "#/components/schemas/PatchedThingRequest"});
        assert_eq!(example(&document, &schema, "", 0), json!({"name": "Mug"}));
    }
}
