//! Routes: every route is in the OpenAPI document, and common URLs of other programs do not exist.

use std::collections::BTreeSet;

use actix_web::http::Method;
use mercer::routes;

use crate::house::{assert_none, files};
use crate::support::TestShop;

/// Routes of the documentation page, the only ones that are not in the document.
const PAGE: [&str; 2] = ["/docs", "/docs/{file:.*}"];

/// Attributes that register a handler as a route.
const VERBS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// Returns method and path of the route attributes, such as `#[get("/x/")]`, in a source file.
fn declared(source: &str) -> Vec<(String, String)> {
    let attribute = |line: &str| {
        let inside = line.trim().strip_prefix("#[")?;
        let (verb, rest) = inside.split_once("(\"")?;
        let path = rest.split('"').next()?;
        VERBS.contains(&verb).then(|| (verb.to_owned(), path.to_owned()))
    };
    source.lines().filter_map(attribute).collect()
}

/// Finds code that registers routes without adding them to the document.
fn undocumented_routes(path: &str, source: &str) -> Vec<String> {
    let ways = [".route(", "web::resource(", "#[route("];
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let found = ways.into_iter().filter(|way| code.contains(way));
    found.map(|way| format!("{path} registers a route with {way}")).collect()
}

fn in_document() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(routes::document().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())));
    operations.collect()
}

#[test]
fn every_route_of_the_sources_is_documented() {
    let document = in_document();
    let sources = files::below("src");
    let declared: Vec<_> = sources.iter().flat_map(|file| declared(&file.text)).collect();
    let is_page = |path: &str| PAGE.contains(&path);
    assert_eq!(declared.iter().filter(|(_, path)| is_page(path)).count(), PAGE.len());

    let missing = declared.iter().filter(|(verb, path)| {
        let known = document.iter().any(|(method, whole)| method == verb && whole.ends_with(path.as_str()));
        !known && !is_page(path)
    });
    assert_none(&missing.map(|(verb, path)| format!("{verb} {path} is not in the document")).collect::<Vec<_>>());
    assert!(declared.len() - PAGE.len() <= document.len(), "some handlers are not served");
    assert_none(&sources.iter().flat_map(|file| undocumented_routes(&file.path, &file.text)).collect::<Vec<_>>());
}

#[test]
fn undocumented_route_is_reported() {
    let source = "config.route(\"/x\", web::get());\n#[cfg(test)]\nweb::resource(\"/y\")";
    assert_eq!(undocumented_routes("src/x.rs", source), ["src/x.rs registers a route with .route("]);
    let source = "#[utoipa::path()]\n#[get(\"/{id}/\")]\n    #[post(\"/x/\")]\n#[test]\n#[serde(\"x\")]";
    let found = [("get", "/{id}/"), ("post", "/x/")].map(|(verb, path)| (verb.to_owned(), path.to_owned()));
    assert_eq!(declared(source), found);
}

#[actix_web::test]
async fn common_debug_and_admin_urls_do_not_exist() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;

    for path in [
        "/metrics",
        "/metrics/",
        "/api/metrics/",
        "/debug/pprof/",
        "/debug/",
        "/__debug__/",
        "/admin/",
        "/actuator/env",
        "/server-status",
        "/.env",
        "/.git/config",
        "/.well-known/",
        "/api/users/",
        "/api/graphql/",
        "/api/docs/../../Cargo.toml",
        "/api/docs/%2e%2e/%2e%2e/Cargo.toml",
        "/api/docs/..%5c..%5cCargo.toml",
        "/api/docs//etc/passwd",
        "/static/",
        "/var/",
        "/openapi.json",
        "/swagger.json",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let response = root.send(method.clone(), path, None).await;
            assert_eq!(response.expect(404)["code"], "not_found", "{method} {path}");
        }
    }
}
