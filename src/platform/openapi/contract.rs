//! The public document: equal parts become components, so that the document stays small and generated clients get
//! names.
//!
//! The server works with the complete document, in which every operation has its own parts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Converts the complete document to the public document.
pub fn contract(document: &OpenApi) -> serde_json::Result<Value> {
    let mut contract = serde_json::to_value(document)?;
    name_json_only(&mut contract);
    merge_protocol_errors(&mut contract);
    move_examples(&mut contract);
    refer_to_enums(&mut contract);
    share(&mut contract, "headers", header_places, header_name);
    share(&mut contract, "responses", response_places, response_name);
    share(&mut contract, "parameters", parameter_places, parameter_name);
    Ok(contract)
}

/// Maximum width of a value on one line.
const LINE_WIDTH: usize = 100;

/// Writes JSON with two spaces of indentation. A value that fits on one line is not broken.
pub fn to_readable_json(value: &Value) -> String {
    let mut text = String::new();
    write_readable(&mut text, value, 0);
    text.push('\n');
    text
}

fn write_readable(out: &mut String, value: &Value, depth: usize) {
    let line = value.to_string();
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, member)| (format!("{}: ", json!(name)), member)).collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() || line.len() <= LINE_WIDTH {
        out.push_str(&line);
        return;
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    let indentation = "  ".repeat(depth + 1);
    out.push(open);
    for (place, (name, part)) in parts.iter().enumerate() {
        out.push_str(if place == 0 { "\n" } else { ",\n" });
        out.push_str(&indentation);
        out.push_str(name);
        write_readable(out, part, depth + 1);
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

/// Removes the form media types of bodies that the server also accepts as JSON.
fn name_json_only(document: &mut Value) {
    for operation in operations(document) {
        let content = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
        if let Some(content) = content.filter(|content| content.contains_key("application/json")) {
            content.retain(|media_type, _| media_type == "application/json");
        }
    }
}

/// Statuses of malformed requests, which any operation can return and no client handles one by one.
const PROTOCOL_ERRORS: [&str; 5] = ["406", "413", "414", "415", "431"];

/// Replaces the responses of [`PROTOCOL_ERRORS`] by one `default` response.
fn merge_protocol_errors(document: &mut Value) {
    for operation in operations(document) {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
        let removed: Vec<Value> = PROTOCOL_ERRORS.iter().filter_map(|status| responses.remove(*status)).collect();
        if let Some(mut response) = removed.into_iter().next() {
            if let Some(members) = response.as_object_mut() {
                members.insert("description".to_owned(), json!("Malformed request"));
            }
            responses.insert("default".to_owned(), response);
        }
    }
}

/// Moves the example of a body to the schema that the body refers to.
fn move_examples(document: &mut Value) {
    let mut examples = BTreeMap::new();
    for operation in operations(document) {
        for_each_media_type(operation, &mut |media| {
            let schema = media.pointer("/schema/$ref").and_then(Value::as_str).map(str::to_owned);
            let example = media.get("example").cloned();
            if let (Some(schema), Some(example), Some(media)) = (schema, example, media.as_object_mut()) {
                let first = examples.entry(schema).or_insert_with(|| example.clone());
                if *first == example {
                    media.remove("example");
                }
            }
        });
    }
    for (reference, example) in examples {
        let schema = document.pointer_mut(reference.trim_start_matches('#')).and_then(Value::as_object_mut);
        if let Some(schema) = schema {
            schema.remove("example");
            schema.entry("examples").or_insert_with(|| json!([example]));
        }
    }
}

fn for_each_media_type(operation: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    if let Some(content) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) {
        content.values_mut().for_each(&mut *visit);
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, response) in responses {
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) {
            content.values_mut().for_each(&mut *visit);
        }
    }
}

/// Replaces enumerations in query parameters by references to the schemas with the same values.
fn refer_to_enums(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten();
    let named: BTreeMap<String, String> = schemas
        .filter_map(|(name, schema)| Some((schema.get("enum")?.to_string(), format!("#/components/schemas/{name}"))))
        .collect();
    for operation in operations(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters {
            for pointer in ["/schema", "/schema/items"] {
                let Some(schema) = parameter.pointer_mut(pointer) else { continue };
                let reference = schema.get("enum").and_then(|values| named.get(&values.to_string()));
                if let Some(reference) = reference {
                    *schema = json!({"$ref": reference});
                }
            }
        }
    }
}

/// Values of one kind that can be shared, with the words that name each of them.
type Places<'a> = Vec<(String, &'a mut Value)>;

fn header_places(document: &mut Value) -> Places<'_> {
    let responses = operations(document).filter_map(|operation| operation.get_mut("responses")?.as_object_mut());
    let headers = responses.flatten().filter_map(|(_, response)| response.get_mut("headers")?.as_object_mut());
    headers.flatten().map(|(name, header)| (name.clone(), header)).collect()
}

fn response_places(document: &mut Value) -> Places<'_> {
    let responses = operations(document).filter_map(|operation| operation.get_mut("responses")?.as_object_mut());
    responses.flatten().map(|(_, response)| (text(response, "description"), response)).collect()
}

fn parameter_places(document: &mut Value) -> Places<'_> {
    let parameters = operations(document).filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
    parameters.flatten().map(|parameter| (text(parameter, "name"), parameter)).collect()
}

fn header_name(words: &str, _: &Value) -> String {
    pascal_case(words)
}

/// Names a response by its description, and by its schema if it has one of its own: `NotFound`, `OkOrder`.
fn response_name(words: &str, response: &Value) -> String {
    let schema = response.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
    let schema = schema.and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
    let is_error = matches!(schema, "" | "Error" | "ValidationError");
    format!("{}{}", pascal_case(words), if is_error { "" } else { schema })
}

/// Names a parameter by its name; a header or path parameter also by its place.
fn parameter_name(words: &str, parameter: &Value) -> String {
    let place = match parameter.get("in").and_then(Value::as_str) {
        Some("path") => "Path",
        _ => "",
    };
    format!("{}{place}", pascal_case(words))
}

/// Replaces values that occur more than once by references to one component.
fn share(
    document: &mut Value,
    kind: &str,
    places: impl Fn(&mut Value) -> Places<'_>,
    name: impl Fn(&str, &Value) -> String,
) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, value) in places(document) {
        *counts.entry(value.to_string()).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut components = Map::new();
    for (words, value) in places(document) {
        let text = value.to_string();
        if counts.get(&text).is_none_or(|count| *count < 2) {
            continue;
        }
        let component = names.entry(text).or_insert_with(|| {
            let component = free_name(&name(&words, value), &mut taken);
            components.insert(component.clone(), value.clone());
            component
        });
        *value = json!({"$ref": format!("#/components/{kind}/{component}")});
    }
    components.sort_keys();
    let parts = document.pointer_mut("/components").and_then(Value::as_object_mut);
    if let Some(parts) = parts.filter(|_| !components.is_empty()) {
        parts.insert(kind.to_owned(), Value::Object(components));
    }
}

/// Returns the name, with a number if the name is taken.
fn free_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    let items = paths.filter_map(|(_, item)| item.as_object_mut()).flatten();
    items.filter(|(method, _)| METHODS.contains(&method.as_str())).map(|(_, operation)| operation)
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `If-Match` and `created_at__gte` become `IfMatch` and `CreatedAtGte`.
fn pascal_case(words: &str) -> String {
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capitalized = words.map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>())
    });
    capitalized.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_definitions_become_shared_components() {
        let header = json!({"schema": {"type": "string"}});
        let not_found = json!({"description": "Not found", "headers": {"Retry-After": header}});
        let page = json!({"name": "page", "in": "query", "schema": {"type": "integer"}});
        let size = json!({"name": "page", "in": "query", "schema": {"type": "string"}});
        let operation = |parameters: Value| json!({"parameters": parameters, "responses": {"404": not_found.clone()}});
        let mut document = json!({"components": {}, "paths": {
            "/a/": {"get": operation(json!([page, size]))},
            "/b/": {"get": operation(json!([page, size])), "post": operation(json!([{"name": "once", "in": "query"}]))},
        }});

        share(&mut document, "headers", header_places, header_name);
        share(&mut document, "responses", response_places, response_name);
        share(&mut document, "parameters", parameter_places, parameter_name);

        let reference = |kind: &str, name: &str| json!({"$ref": format!("#/components/{kind}/{name}")});
        let both = json!([reference("parameters", "Page"), reference("parameters", "Page2")]);
        assert_eq!(document["paths"]["/a/"]["get"]["parameters"], both);
        assert_eq!(document["paths"]["/b/"]["post"]["parameters"], json!([{"name": "once", "in": "query"}]));
        assert_eq!(document["paths"]["/b/"]["post"]["responses"]["404"], reference("responses", "NotFound"));
        assert_eq!(
            document["components"],
            json!({
                "headers": {"RetryAfter": header},
                "responses": {"NotFound": {
                    "description": "Not found", "headers": {"Retry-After": reference("headers", "RetryAfter")},
                }},
                "parameters": {"Page": page, "Page2": size},
            })
        );
    }

    #[test]
    fn examples_move_to_their_schema() {
        let media = |example: Value| json!({"schema": {"$ref": "#/components/schemas/Thing"}, "example": example});
        let mut document = json!({
            "components": {"schemas": {"Thing": {"type": "object"}}},
            "paths": {"/a/": {
                "get": {"responses": {"200": {"content": {"application/json": media(json!({"a": 1}))}}}},
                "post": {"requestBody": {"content": {"application/json": media(json!({"a": 2}))}}},
            }},
        });

        move_examples(&mut document);

        assert_eq!(document["components"]["schemas"]["Thing"]["examples"], json!([{"a": 1}]));
        let get = &document["paths"]["/a/"]["get"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(get["example"], Value::Null);
        let post = &document["paths"]["/a/"]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(post["example"], json!({"a": 2}));
    }

    #[test]
    fn short_values_stay_on_one_line() {
        let long = "x".repeat(90);
        let value = json!({"a": {"b": [1, "c"]}, "d": [{"e": long}, {}]});
        let expected =
            format!("{{\n  \"a\": {{\"b\":[1,\"c\"]}},\n  \"d\": [\n    {{\"e\":\"{long}\"}},\n    {{}}\n  ]\n}}\n");
        assert_eq!(to_readable_json(&value), expected);
        assert_eq!(serde_json::from_str::<Value>(&expected).unwrap(), value);
    }

    #[test]
    fn names_are_in_pascal_case() {
        assert_eq!(pascal_case("If-Match"), "IfMatch");
        assert_eq!(pascal_case("created_at__gte"), "CreatedAtGte");
    }
}
