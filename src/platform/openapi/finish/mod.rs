//! Completion of the collected document: names in the style of drf-spectacular, shared responses, examples.

mod declaration;
mod edit;
mod examples;
mod shared;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use declaration::apply_declaration;
pub use declaration::{IGNORES_INVALID_CREDENTIALS, RATE_LIMIT};
use edit::{API_PREFIX, set};
use examples::add_examples;
use shared::{add_error_schemas, complete};

/// Completes the document that utoipa collected from the handlers.
///
/// The functions here work on JSON, because utoipa's types cannot express some changes, such as inlined generics.
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
            "description": "Order system for shops, with the conventions of Django REST framework.",
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
    add_error_schemas(document);
}

/// Replaces references to simple types, such as e-mail addresses, ids and prices, by their schemas.
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
                // Members next to the reference, such as a description, override those of the type.
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

/// Renames schemas in the style of drf-spectacular: `Paged_Order` becomes `PaginatedOrderList`, whose items refer to
/// `Order`, and `OrderStatus` becomes `OrderStatusEnum`.
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
            apply_declaration(operation);
            let is_list = returns_list(operation);
            let id = operation_id(path, method, is_list);
            let count: &mut usize = taken.entry(id.clone()).or_default();
            *count += 1;
            let id = if *count > 1 { format!("{id}_{count}") } else { id };
            operation.insert("operationId".to_owned(), json!(id));
            complete(operation, path, method);
        }
    }
}

/// Returns true if the response is a page of a list, or a plain list.
fn returns_list(operation: &serde_json::Map<String, Value>) -> bool {
    let schema =
        operation.get("responses").and_then(|responses| responses.pointer("/200/content/application~1json/schema"));
    schema.is_some_and(|schema| {
        let target = schema.get("$ref").and_then(Value::as_str).unwrap_or_default();
        schema.get("type") == Some(&json!("array")) || target.contains("/Paginated")
    })
}

/// Builds the operation id from the words of the path and drf-spectacular's name of the action.
fn operation_id(path: &str, method: &str, is_list: bool) -> String {
    let words = path.strip_prefix(API_PREFIX).unwrap_or(path).split('/');
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
    fn operation_ids_have_the_style_of_drf_spectacular() {
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
