//! One pass over the collected document: names as drf-spectacular writes them, what all operations share, examples.

mod examples;
mod shared;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use examples::add_examples;
use shared::{complete, describe_errors};

/// Words of a path that name no part of an operation.
const PREFIX: &str = "/api/";

/// Turns what the handlers gave into the finished document. The map of the document is JSON here, because what we
/// change (inlined generics, references) has no shape of its own in utoipa's types.
pub fn finish(document: OpenApi) -> serde_json::Result<OpenApi> {
    let mut document = serde_json::to_value(document)?;
    describe(&mut document);
    inline_simple_types(&mut document);
    rename_schemas(&mut document);
    name_operations(&mut document);
    add_examples(&mut document);
    serde_json::from_value(document)
}

fn describe(document: &mut Value) {
    set(
        document,
        "/info",
        json!({
            "title": "Mercer",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "An order system for shops, in the dialect of Django REST framework.",
            "license": {"name": "MIT", "identifier": "MIT"},
        }),
    );
    set(
        document,
        "/components/securitySchemes",
        json!({
            "jwtAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        }),
    );
    describe_errors(document);
}

/// Sets a value at a JSON pointer, making the objects on the way.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        let Value::Object(members) = place else { return };
        place = members.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

/// An e-mail, an id, a price are strings with a format: they stand where they are used, not among the components.
fn inline_simple_types(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    let is_simple = |schema: &Value| {
        let kind = schema.get("type").and_then(Value::as_str);
        matches!(kind, Some("string" | "integer" | "number" | "boolean")) && schema.get("enum").is_none()
    };
    let names: Vec<String> =
        schemas.iter().filter(|(_, schema)| is_simple(schema)).map(|(name, _)| name.clone()).collect();
    let simple: BTreeMap<String, Value> = names
        .into_iter()
        .filter_map(|name| Some((format!("#/components/schemas/{name}"), schemas.remove(&name)?)))
        .collect();
    inline(document, &simple);
}

fn inline(value: &mut Value, simple: &BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str).and_then(|target| simple.get(target));
            if let Some(Value::Object(schema)) = target {
                members.remove("$ref");
                // What stands beside the reference, a description above all, counts for more than the type's own.
                for (name, member) in schema {
                    members.entry(name.clone()).or_insert_with(|| member.clone());
                }
            }
            members.values_mut().for_each(|member| inline(member, simple));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| inline(item, simple)),
        _ => {}
    }
}

/// `Paged_Order` becomes `PaginatedOrderList`, its items a reference to `Order`; `OrderStatus` becomes
/// `OrderStatusEnum`.
fn rename_schemas(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let mut renamed = BTreeMap::new();
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let Some(mut schema) = schemas.remove(&name) else { continue };
        let new_name = match name.strip_prefix("Paged_") {
            Some(item) => {
                let reference = json!({"$ref": format!("#/components/schemas/{item}")});
                set(&mut schema, "/properties/results/items", reference);
                format!("Paginated{item}List")
            }
            None if schema.get("enum").is_some() => format!("{name}Enum"),
            None => name.clone(),
        };
        schemas.insert(new_name.clone(), schema);
        renamed.insert(format!("#/components/schemas/{name}"), format!("#/components/schemas/{new_name}"));
    }
    schemas.sort_keys();
    replace_references(document, &renamed);
}

fn replace_references(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => {
                        if let Some(new_target) = renamed.get(target) {
                            target.clone_from(new_target);
                        }
                    }
                    other => replace_references(other, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_references(item, renamed)),
        _ => {}
    }
}

fn name_operations(document: &mut Value) {
    let mut taken = BTreeMap::new();
    let Some(paths) = document.pointer_mut("/paths").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, item) in paths {
        let Some(operations) = item.as_object_mut() else {
            continue;
        };
        for (method, operation) in operations {
            let Some(operation) = operation.as_object_mut() else {
                continue;
            };
            let is_list = lists(operation);
            let id = operation_id(path, method, is_list);
            let count: &mut usize = taken.entry(id.clone()).or_default();
            *count += 1;
            let id = if *count > 1 { format!("{id}_{count}") } else { id };
            operation.insert("operationId".to_owned(), json!(id));
            complete(operation, path, method);
        }
    }
}

/// Whether the answer is a page of a list, or a bare list.
fn lists(operation: &serde_json::Map<String, Value>) -> bool {
    let schema =
        operation.get("responses").and_then(|responses| responses.pointer("/200/content/application~1json/schema"));
    schema.is_some_and(|schema| {
        let target = schema.get("$ref").and_then(Value::as_str).unwrap_or_default();
        schema.get("type") == Some(&json!("array")) || target.contains("/Paginated")
    })
}

/// Path words after the common prefix, then what drf-spectacular calls the action.
fn operation_id(path: &str, method: &str, is_list: bool) -> String {
    let words = path.strip_prefix(PREFIX).unwrap_or(path).split('/');
    let mut words: Vec<String> = words
        .filter(|word| !word.is_empty() && !word.starts_with('{'))
        .map(|word| word.trim_start_matches('.').replace(['-', '.'], "_"))
        .collect();
    let action = match method {
        "get" if is_list => "list",
        "get" => "retrieve",
        "post" => "create",
        "put" => "update",
        "patch" => "partial_update",
        "delete" => "destroy",
        other => other,
    };
    words.push(action.to_owned());
    words.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_as_drf_spectacular_does() {
        assert_eq!(operation_id("/api/orders/", "get", true), "orders_list");
        assert_eq!(operation_id("/api/orders/{id}/", "get", false), "orders_retrieve");
        assert_eq!(operation_id("/api/orders/{id}/cancel/", "post", false), "orders_cancel_create");
        assert_eq!(operation_id("/api/orders/{id}/", "patch", false), "orders_partial_update");
        assert_eq!(
            operation_id("/api/categories/{id}/price-summary/", "get", false),
            "categories_price_summary_retrieve"
        );
        assert_eq!(operation_id("/health/live", "get", false), "health_live_retrieve");
    }
}
