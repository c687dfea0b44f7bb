//! OpenAPI document: complete, consistent, and identical to the served one.

use std::collections::HashSet;

use mercer::platform::openapi;
use mercer::routes;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::house::endpoints::operations::filled;
use crate::house::files;
use crate::support::TestShop;

/// Returns the complete document, in which every operation has its own parts.
fn document() -> Value {
    serde_json::to_value(routes::document().unwrap()).unwrap()
}

/// Returns the public document, whose operations share components.
fn contract() -> Value {
    openapi::contract(&routes::document().unwrap()).unwrap()
}

/// Returns path, method and definition of every operation.
fn operations(document: &Value) -> Vec<(String, String, Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation.as_object().unwrap().clone()))
    });
    operations.collect()
}

fn parameters(operation: &Map<String, Value>, place: &str) -> Vec<String> {
    let all = operation.get("parameters").and_then(Value::as_array);
    let here = all.into_iter().flatten().filter(|parameter| parameter["in"] == place);
    here.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

/// Collects the targets of all `$ref` members.
fn references(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn served_document_equals_the_document_of_the_handlers() {
    let shop = TestShop::new().await;

    for url in ["/api/schema/", "/api/schema/?format=json"] {
        let response = shop.anonymous().get(url).await;
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert!(response.expect(200) == contract(), "the served document differs from the contract");
    }
}

#[test]
fn committed_document_is_up_to_date() {
    let committed = files::read("openapi/openapi.json").unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();

    assert!(committed == contract(), "out of date: make openapi");
}

#[test]
fn document_is_openapi_3_1_with_title_and_licence() {
    let document = document();

    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["info"]["title"], "Mercer");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({"jwtAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}})
    );
}

#[test]
fn path_parameters_match_the_path() {
    for (path, method, operation) in operations(&document()) {
        let mut named: Vec<_> = path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned).collect();
        let mut declared = parameters(&operation, "path");
        named.sort();
        declared.sort();
        assert_eq!(declared, named, "{method} {path}");
    }
}

#[test]
fn query_parameters_are_declared_once() {
    for (path, method, operation) in operations(&document()) {
        let names = parameters(&operation, "query");
        let distinct: HashSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{method} {path}: {names:?}");
    }
}

#[test]
fn operation_ids_are_unique_and_in_the_style_of_drf_spectacular() {
    let document = document();
    let mut seen = HashSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        let action = match method.as_str() {
            "get" => vec!["list", "retrieve"],
            "post" => vec!["create"],
            "put" => vec!["update"],
            "patch" => vec!["partial_update"],
            "delete" => vec!["destroy"],
            other => panic!("{other}"),
        };
        let plain = id.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
        assert!(action.iter().any(|action| plain.ends_with(action)), "{method} {path}: {id}");
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{id}");
        assert!(seen.insert(id.clone()), "{id} twice");
    }
    for id in [
        "orders_list",
        "orders_retrieve",
        "orders_create",
        "orders_cancel_create",
        "auth_login_create",
        "auth_user_partial_update",
        "categories_tree_list",
        "categories_destroy",
        "customers_me_retrieve",
        "health_ready_retrieve",
    ] {
        assert!(seen.contains(id), "{id} is missing");
    }
}

#[test]
fn every_operation_has_a_summary_a_tag_and_a_success_response() {
    for (path, method, operation) in operations(&document()) {
        let summary = operation.get("summary").and_then(Value::as_str).unwrap_or_default();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{method} {path}: {summary:?}");
        assert!(summary.chars().count() <= 60, "{method} {path}: {summary:?}");
        let word = path.trim_start_matches("/api/").trim_start_matches('/').split('/').next().unwrap();
        assert_eq!(operation["tags"], json!([word]), "{method} {path}");
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        assert!(statuses.iter().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
    }
}

#[test]
fn references_are_valid_and_every_component_is_used() {
    for document in [document(), contract()] {
        let mut found = HashSet::new();
        references(&document, &mut found);

        for reference in &found {
            let target = document.pointer(reference.strip_prefix('#').unwrap());
            assert!(target.is_some(), "{reference} does not exist");
        }
        let components = document["components"].as_object().unwrap().iter();
        for (kind, components) in components.filter(|(kind, _)| *kind != "securitySchemes") {
            for name in components.as_object().unwrap().keys() {
                assert!(found.contains(&format!("#/components/{kind}/{name}")), "nothing refers to {name}");
            }
        }
    }
}

/// Collects the places of object schemas that do not describe their members.
fn untyped_objects(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let is_object = match members.get("type") {
                Some(Value::String(kind)) => kind == "object",
                Some(Value::Array(kinds)) => kinds.contains(&json!("object")),
                _ => false,
            };
            let keywords = ["properties", "additionalProperties", "$ref", "allOf", "oneOf", "anyOf"];
            if is_object && !keywords.iter().any(|keyword| members.contains_key(*keyword)) {
                found.push(place.to_owned());
            }
            for (name, member) in members.iter().filter(|(name, _)| !matches!(name.as_str(), "example" | "examples")) {
                untyped_objects(member, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                untyped_objects(item, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_object_of_the_contract_is_typed() {
    let mut found = Vec::new();
    untyped_objects(&contract(), "", &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

/// Returns the example of a schema.
fn example_of(schema: &Value) -> Option<&Value> {
    schema.get("example").or_else(|| schema.pointer("/examples/0"))
}

fn decimal(example: &Value, name: &str) -> Decimal {
    example[name].as_str().unwrap_or_else(|| panic!("{name} of {example}")).parse().unwrap()
}

#[test]
fn order_example_adds_up() {
    let contract = contract();
    let order = example_of(&contract["components"]["schemas"]["Order"]).unwrap();
    let lines = order["lines"].as_array().unwrap();
    assert!(!lines.is_empty());

    for line in lines {
        let net = Decimal::from(line["quantity"].as_i64().unwrap()) * decimal(line, "unit_price");
        assert_eq!(net - decimal(line, "discount"), decimal(line, "total_net"));
        assert_eq!(decimal(line, "total_net") * decimal(line, "tax_rate"), decimal(line, "total_tax"));
        assert_eq!(decimal(line, "total_net") + decimal(line, "total_tax"), decimal(line, "total_gross"));
    }

    let sum = |name: &str| lines.iter().map(|line| decimal(line, name)).sum::<Decimal>();
    assert_eq!(sum("total_net"), decimal(order, "subtotal_net"));
    let total_net = decimal(order, "subtotal_net") - decimal(order, "discount") + decimal(order, "shipping_net");
    assert_eq!(total_net, decimal(order, "total_net"));
    for name in ["total_net", "total_tax", "total_gross"] {
        assert_eq!(sum(name), decimal(order, name), "{name}");
    }
    assert_eq!(order["channel"], "default");
}

#[test]
fn examples_have_the_members_of_their_schema() {
    let contract = contract();
    for (name, schema) in contract["components"]["schemas"].as_object().unwrap() {
        let example = example_of(schema).and_then(Value::as_object);
        let properties = schema.get("properties").and_then(Value::as_object);
        let (Some(example), Some(properties)) = (example, properties) else { continue };
        for member in example.keys() {
            let is_free = schema.get("additionalProperties") == Some(&json!(true));
            assert!(
                is_free || properties.contains_key(member),
                "the example of {name} has the unknown member {member}"
            );
        }
        for member in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            assert!(example.contains_key(member.as_str().unwrap()), "the example of {name} lacks {member}");
        }
    }
}

#[test]
fn example_of_a_list_is_one_page_with_the_example_of_its_item() {
    let contract = contract();
    let schemas = &contract["components"]["schemas"];

    let page = example_of(&schemas["PaginatedOrderList"]).unwrap();

    let order = example_of(&schemas["Order"]).unwrap();
    assert_eq!(*page, json!({"count": 1, "next": null, "previous": null, "results": [order]}));
}

#[test]
fn contract_is_small() {
    let contract = contract();
    let operations = operations(&contract).len();

    let lines = openapi::to_readable_json(&contract).lines().count();
    assert!(lines <= 130 * operations, "{lines} lines for {operations} operations");
    let compact = contract.to_string().len();
    assert!(compact < 600_000, "{compact} bytes");
}

#[test]
fn an_operation_has_at_most_130_lines_on_average() {
    let operations = operations(&contract());
    let lines: usize = operations
        .iter()
        .map(|(_, _, operation)| serde_json::to_string_pretty(operation).unwrap().lines().count())
        .sum();
    assert!(lines <= 130 * operations.len(), "{lines} lines for {} operations", operations.len());
}

#[test]
fn secured_operations_document_401_and_bodies_document_400() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        if let Some(security) = operation.get("security") {
            assert!(security.to_string().contains("jwtAuth"), "{method} {path}");
            assert!(responses.contains_key("401"), "{method} {path}");
        }
        if operation.contains_key("requestBody") {
            assert!(responses.contains_key("400"), "{method} {path}");
        }
    }
}

#[test]
fn components_have_the_documented_names() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();

    for name in [
        "Order",
        "OrderRequest",
        "PaginatedOrderList",
        "OrderStatusEnum",
        "PaymentStatusEnum",
        "Category",
        "PatchedCategoryRequest",
        "Product",
        "User",
        "PatchedUserRequest",
        "TokenPair",
        "Error",
        "ValidationError",
    ] {
        assert!(schemas.contains_key(name), "{name} is not one of {:?}", schemas.keys());
    }
    let views: Vec<_> = schemas
        .keys()
        .filter(|name| name.ends_with("View") || name.ends_with("Body") || name.starts_with("Paged"))
        .collect();
    assert!(views.is_empty(), "{views:?}");
}

#[actix_web::test]
async fn every_documented_operation_is_served() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;

    for (path, method, _) in operations(&document()) {
        let url = filled(&path, "01900000-0000-7000-8000-000000000000");
        let method = method.to_uppercase().parse().unwrap();
        let response = root.send(method, &url, None).await;
        assert_ne!(response.status, 405, "{path}");
        assert!(!response.status.is_server_error(), "{path}: {}", response.status);
    }
}

#[actix_web::test]
async fn documentation_page_works_without_a_network() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    let page = guest.get("/api/docs/").await;

    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let linked: Vec<_> =
        html.split(['"', '\'']).filter(|word| word.ends_with(".js") || word.ends_with(".css")).collect();
    assert!(linked.len() >= 3, "{linked:?}");
    for file in linked {
        let url = format!("/api/docs/{}", file.trim_start_matches("./"));
        let response = guest.get(&url).await;
        assert_eq!(response.status, 200, "{url}");
        let kind = response.header("content-type").unwrap();
        assert!(kind.contains("javascript") || kind.contains("css"), "{url}: {kind}");
    }
}

#[actix_web::test]
async fn documentation_page_loads_the_schema_and_stores_the_token() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    let script = guest.get("/api/docs/swagger-initializer.js").await;

    let script = String::from_utf8(script.body.to_vec()).unwrap();
    assert!(script.contains("/api/schema/?format=json"), "{script}");
    assert!(script.contains("\"persistAuthorization\": true"), "{script}");
    assert!(!script.contains("http://") && !script.contains("https://"), "{script}");
}

#[actix_web::test]
async fn documentation_page_redirects_to_its_trailing_slash() {
    let shop = TestShop::new().await;

    // The links of the page are relative, so it must be served with the trailing slash.
    let response = shop.anonymous().get("/api/docs").await;

    assert_eq!(response.status, 308);
    assert_eq!(response.header("location"), Some("/api/docs/"));
    assert_eq!(shop.anonymous().get("/api/docs/nothing.js").await.status, 404);
    assert_eq!(shop.anonymous().get("/api/docs/../../etc/passwd").await.status, 404);
}
