//! CORS: origins that can call the API from a browser.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{TestResponse, TestShop};

const SHOP: &str = "https://shop.example";

async fn shop() -> TestShop {
    TestShop::with_settings(&[("CORS_ALLOWED_ORIGINS", "https://shop.example, http://localhost:5173")]).await
}

async fn preflight(shop: &TestShop, origin: &str, method: &str, headers: &str) -> TestResponse {
    let request = TestRequest::default()
        .method(Method::OPTIONS)
        .uri("/api/orders/")
        .insert_header(("origin", origin))
        .insert_header(("access-control-request-method", method))
        .insert_header(("access-control-request-headers", headers));
    shop.anonymous().call(request).await
}

fn listed(response: &TestResponse, name: &str) -> Vec<String> {
    let mut words: Vec<String> =
        response.header(name).unwrap().split(',').map(|word| word.trim().to_ascii_lowercase()).collect();
    words.sort_unstable();
    words
}

#[actix_web::test]
async fn configured_origin_can_read_responses() {
    let shop = shop().await;

    for origin in [SHOP, "http://localhost:5173"] {
        let response = shop.anonymous().with_header("origin", origin).get("/api/products/").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        assert!(listed(&response, "vary").contains(&"origin".to_owned()));
        assert!(listed(&response, "access-control-expose-headers").contains(&"x-order-token".to_owned()));
        assert_eq!(response.header("access-control-allow-credentials"), Some("true"));
    }
}

#[actix_web::test]
async fn configured_origin_can_read_error_responses() {
    let shop = shop().await;
    let page = shop.anonymous().with_header("origin", SHOP);

    for (status, url) in [(401, "/api/orders/"), (404, "/api/nothing/"), (400, "/api/products/?price__gte=x")] {
        let response = page.get(url).await;
        assert_eq!(response.status, status);
        assert_eq!(response.header("access-control-allow-origin"), Some(SHOP), "{url}");
    }
}

#[actix_web::test]
async fn other_origins_get_no_cors_headers() {
    let shop = shop().await;

    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "null",
    ] {
        let response = shop.anonymous().with_header("origin", origin).get("/api/products/").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(response.header("access-control-allow-credentials"), None, "{origin}");
    }
}

#[actix_web::test]
async fn without_configured_origins_no_origin_is_allowed() {
    let shop = TestShop::new().await;

    let response = shop.anonymous().with_header("origin", SHOP).get("/api/products/").await;
    let preflight_response = preflight(&shop, SHOP, "POST", "content-type").await;

    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), None);
    assert_eq!(preflight_response.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn preflight_from_a_configured_origin_succeeds() {
    let shop = shop().await;

    let response = preflight(&shop, SHOP, "PATCH", "authorization, content-type, x-csrftoken, x-order-token").await;

    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(response.header("access-control-max-age"), Some("3600"));
    assert_eq!(response.header("access-control-allow-credentials"), Some("true"));
    assert!(listed(&response, "access-control-allow-headers").contains(&"x-csrftoken".to_owned()));
    assert_eq!(
        listed(&response, "access-control-allow-methods"),
        ["delete", "get", "head", "options", "patch", "post", "put"]
    );
    assert!(response.body.is_empty());
}

#[actix_web::test]
async fn preflight_with_forbidden_origin_method_or_header_is_rejected() {
    let shop = shop().await;

    for (origin, method, headers) in [
        ("https://evil.example", "GET", "content-type"),
        (SHOP, "TRACE", "content-type"),
        (SHOP, "GET", "x-forwarded-for"),
    ] {
        let response = preflight(&shop, origin, method, headers).await;
        assert_eq!(response.status, 400, "{origin} {method} {headers}");
        assert_eq!(response.header("access-control-allow-origin"), None);
    }
}
