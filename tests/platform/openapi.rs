//! The contract: whole, consistent, and what is served.

use std::collections::HashSet;

use mercer::routes;
use serde_json::{Map, Value, json};

use crate::house::endpoints::operations::filled;
use crate::house::files;
use crate::support::TestShop;

fn document() -> Value {
    serde_json::to_value(routes::document().unwrap()).unwrap()
}

/// Every operation: its path, method and description.
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

/// Everything that `$ref` points to.
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
async fn the_schema_that_is_served_is_that_of_the_handlers() {
    let shop = TestShop::new().await;

    for url in ["/api/schema/", "/api/schema/?format=json"] {
        let answer = shop.anonymous().get(url).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.expect(200), document());
    }
}

#[test]
fn the_committed_document_is_up_to_date() {
    let committed = files::read("openapi/openapi.json").unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();

    assert!(committed == document(), "out of date: make openapi");
}

#[test]
fn it_is_openapi_3_1_with_a_title_and_a_licence() {
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
fn every_part_of_a_path_is_a_parameter_and_the_other_way_round() {
    for (path, method, operation) in operations(&document()) {
        let mut named: Vec<_> = path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned).collect();
        let mut declared = parameters(&operation, "path");
        named.sort();
        declared.sort();
        assert_eq!(declared, named, "{method} {path}");
    }
}

#[test]
fn no_parameter_is_declared_twice() {
    for (path, method, operation) in operations(&document()) {
        let names = parameters(&operation, "query");
        let distinct: HashSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{method} {path}: {names:?}");
    }
}

#[test]
fn operation_ids_are_unique_and_named_as_drf_spectacular_names_them() {
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
fn every_operation_has_a_summary_a_tag_and_an_answer() {
    for (path, method, operation) in operations(&document()) {
        let summary = operation.get("summary").and_then(Value::as_str).unwrap_or_default();
        assert!(summary.ends_with('.'), "{method} {path}: {summary:?}");
        let word = path.trim_start_matches("/api/").trim_start_matches('/').split('/').next().unwrap();
        assert_eq!(operation["tags"], json!([word]), "{method} {path}");
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        assert!(statuses.iter().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
    }
}

#[test]
fn no_reference_leads_nowhere_and_no_component_is_left_over() {
    let document = document();
    let mut found = HashSet::new();
    references(&document, &mut found);

    for reference in &found {
        let place = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(place.is_some(), "{reference} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(found.contains(&format!("#/components/schemas/{name}")), "nobody refers to {name}");
    }
}

#[test]
fn who_must_be_signed_in_is_told_and_may_be_refused() {
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
fn components_have_the_names_that_their_users_know() {
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
        assert!(schemas.contains_key(name), "{name} is missing of {:?}", schemas.keys());
    }
    let views: Vec<_> = schemas
        .keys()
        .filter(|name| name.ends_with("View") || name.ends_with("Body") || name.starts_with("Paged"))
        .collect();
    assert!(views.is_empty(), "{views:?}");
}

#[actix_web::test]
async fn every_url_of_the_document_is_served() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;

    for (path, method, _) in operations(&document()) {
        let url = filled(&path, "01900000-0000-7000-8000-000000000000");
        let method = method.to_uppercase().parse().unwrap();
        let answer = root.send(method, &url, None).await;
        assert_ne!(answer.status, 405, "{path}");
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
    }
}

#[actix_web::test]
async fn the_documentation_works_without_a_network() {
    let shop = TestShop::new().await;
    let anybody = shop.anonymous();

    let page = anybody.get("/api/docs/").await;

    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let linked: Vec<_> =
        html.split(['"', '\'']).filter(|word| word.ends_with(".js") || word.ends_with(".css")).collect();
    assert!(linked.len() >= 3, "{linked:?}");
    for file in linked {
        let url = format!("/api/docs/{}", file.trim_start_matches("./"));
        let answer = anybody.get(&url).await;
        assert_eq!(answer.status, 200, "{url}");
        let kind = answer.header("content-type").unwrap();
        assert!(kind.contains("javascript") || kind.contains("css"), "{url}: {kind}");
    }
}

#[actix_web::test]
async fn the_documentation_reads_our_schema_and_keeps_the_token() {
    let shop = TestShop::new().await;
    let anybody = shop.anonymous();

    let script = anybody.get("/api/docs/swagger-initializer.js").await;

    let script = String::from_utf8(script.body.to_vec()).unwrap();
    assert!(script.contains("/api/schema/?format=json"), "{script}");
    assert!(script.contains("\"persistAuthorization\": true"), "{script}");
    assert!(!script.contains("http://") && !script.contains("https://"), "{script}");
}

#[actix_web::test]
async fn the_documentation_page_is_found_without_its_slash() {
    let shop = TestShop::new().await;

    // Its links are relative: served there, they would lead nowhere.
    let answer = shop.anonymous().get("/api/docs").await;

    assert_eq!(answer.status, 308);
    assert_eq!(answer.header("location"), Some("/api/docs/"));
    assert_eq!(shop.anonymous().get("/api/docs/nothing.js").await.status, 404);
    assert_eq!(shop.anonymous().get("/api/docs/../../etc/passwd").await.status, 404);
}
