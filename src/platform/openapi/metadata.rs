//! Field metadata for responses to OPTIONS, in the format of DRF's `SimpleMetadata`.

use serde_json::{Map, Value, json};

use super::schemas::{other_than_null, type_of};

/// Maximum nesting depth of the description. No request body is nested deeper.
const MAX_DEPTH: usize = 5;

/// Describes the fields of an operation with a request body: type, limits and choices.
///
/// Fields that occur only in the response are read-only.
pub fn metadata_of(document: &Value, operation: &Value) -> Option<Value> {
    let request = operation.pointer("/requestBody/content/application~1json/schema")?;
    let mut fields = fields_of(document, resolve(document, request), 0);
    let response = ["200", "201"]
        .into_iter()
        .find_map(|status| operation.pointer(&format!("/responses/{status}/content/application~1json/schema")));
    let response_fields = response.map(|response| fields_of(document, resolve(document, response), 0));
    for (name, mut field) in response_fields.unwrap_or_default() {
        if !fields.contains_key(&name) {
            if let Some(members) = field.as_object_mut() {
                members.insert("read_only".to_owned(), json!(true));
                members.insert("required".to_owned(), json!(false));
            }
            fields.insert(name, field);
        }
    }
    Some(json!(fields))
}

fn fields_of(document: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let field = |(name, schema): (&String, &Value)| {
        let mut field = describe(document, schema, depth);
        field.insert("required".to_owned(), json!(required.contains(&name.as_str())));
        field.insert("read_only".to_owned(), json!(false));
        field.insert("label".to_owned(), json!(label(name)));
        (name.clone(), Value::Object(field))
    };
    properties.map(field).collect()
}

fn describe(document: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let help = schema.get("description").cloned();
    let schema = resolve(document, schema);
    let mut field = Map::from_iter([("type".to_owned(), json!(field_type(schema)))]);
    if let Some(help) = help.or_else(|| schema.get("description").cloned()) {
        field.insert("help_text".to_owned(), help);
    }
    let limits =
        [("minLength", "min_length"), ("maxLength", "max_length"), ("minimum", "min_value"), ("maximum", "max_value")];
    for (keyword, name) in limits {
        if let Some(limit) = schema.get(keyword) {
            field.insert(name.to_owned(), limit.clone());
        }
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let choice = |value: &Value| json!({"value": value, "display_name": label(value.as_str().unwrap_or_default())});
        field.insert("choices".to_owned(), choices.iter().filter(|value| !value.is_null()).map(choice).collect());
    }
    if depth < MAX_DEPTH {
        if let Some(items) = schema.get("items") {
            field.insert("child".to_owned(), Value::Object(describe(document, items, depth + 1)));
        }
        if schema.get("properties").is_some() {
            field.insert("children".to_owned(), Value::Object(fields_of(document, schema, depth + 1)));
        }
    }
    field
}

/// Returns the name that DRF gives the field type.
fn field_type(schema: &Value) -> &'static str {
    if schema.get("enum").is_some() {
        return "choice";
    }
    let text = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
    match (type_of(schema), text("format")) {
        ("string", "email") => "email",
        ("string", "uri") => "url",
        ("string", "decimal") => "decimal",
        ("string", "date") => "date",
        ("string", "date-time") => "datetime",
        ("string", _) if text("pattern").starts_with("^[-a-z0-9_]") => "slug",
        ("string", _) => "string",
        ("integer", _) => "integer",
        ("number", _) => "float",
        ("boolean", _) => "boolean",
        ("array", _) => "list",
        ("object", _) if schema.get("properties").is_some() => "nested object",
        _ => "field",
    }
}

/// Follows references, and replaces a `oneOf` with null by its other alternative.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_DEPTH {
        let other = other_than_null(schema);
        let target = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|target| document.pointer(target.trim_start_matches('#')));
        match target.or(other) {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// Returns the label of a field: "First name" for `first_name`.
fn label(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_described_in_the_format_of_drf() {
        let document = json!({"components": {"schemas": {
            "Thing": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 10, "description": "Its name."},
                "kind": {"$ref": "#/components/schemas/KindEnum"},
                "parent": {"oneOf": [{"type": "null"}, {"type": "string", "format": "uuid"}]},
                "lines": {"type": "array", "items": {"type": "object", "properties": {"quantity": {"type": "integer", "minimum": 1}}}},
            }},
            "KindEnum": {"type": "string", "enum": ["old_one"]},
        }}});
        let schema = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}});
        let response = json!({"content": {"application/json": {"schema": {"type": "object", "properties": {"id": {"type": "string"}}}}}});
        let operation = json!({"requestBody": schema, "responses": {"201": response}});
        let fields = metadata_of(&document, &operation).unwrap();
        assert_eq!(
            fields["name"],
            json!({"type": "string", "required": true, "read_only": false, "label": "Name", "help_text": "Its name.", "max_length": 10})
        );
        assert_eq!(fields["kind"]["choices"], json!([{"value": "old_one", "display_name": "Old one"}]));
        assert_eq!(fields["parent"]["type"], "string");
        assert_eq!(fields["lines"]["child"]["children"]["quantity"]["min_value"], 1);
        assert_eq!((&fields["id"]["read_only"], &fields["id"]["required"]), (&json!(true), &json!(false)));
        assert_eq!(metadata_of(&document, &json!({"responses": {}})), None);
    }
}
