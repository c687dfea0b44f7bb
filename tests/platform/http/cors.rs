//! Who else's pages may call.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{TestResponse, TestShop};

const OURS: &str = "https://shop.example";

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

fn listed(answer: &TestResponse, name: &str) -> Vec<String> {
    let mut words: Vec<String> =
        answer.header(name).unwrap().split(',').map(|word| word.trim().to_ascii_lowercase()).collect();
    words.sort_unstable();
    words
}

#[actix_web::test]
async fn a_configured_origin_may_read_answers() {
    let shop = shop().await;

    for origin in [OURS, "http://localhost:5173"] {
        let answer = shop.anonymous().with_header("origin", origin).get("/api/products/").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert!(listed(&answer, "vary").contains(&"origin".to_owned()));
        assert!(listed(&answer, "access-control-expose-headers").contains(&"x-order-token".to_owned()));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    }
}

#[actix_web::test]
async fn a_configured_origin_may_read_refusals_too() {
    let shop = shop().await;
    let page = shop.anonymous().with_header("origin", OURS);

    for (status, url) in [(401, "/api/orders/"), (404, "/api/nothing/"), (400, "/api/products/?price__gte=x")] {
        let answer = page.get(url).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(OURS), "{url}");
    }
}

#[actix_web::test]
async fn another_origin_may_not() {
    let shop = shop().await;

    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "null",
    ] {
        let answer = shop.anonymous().with_header("origin", origin).get("/api/products/").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
    }
}

#[actix_web::test]
async fn where_no_origin_is_configured_no_page_may() {
    let shop = TestShop::new().await;

    let answer = shop.anonymous().with_header("origin", OURS).get("/api/products/").await;
    let asked = preflight(&shop, OURS, "POST", "content-type").await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(asked.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn a_page_may_ask_first() {
    let shop = shop().await;

    let answer = preflight(&shop, OURS, "PATCH", "authorization, content-type, x-csrftoken, x-order-token").await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(OURS));
    assert_eq!(answer.header("access-control-max-age"), Some("3600"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert!(listed(&answer, "access-control-allow-headers").contains(&"x-csrftoken".to_owned()));
    assert_eq!(
        listed(&answer, "access-control-allow-methods"),
        ["delete", "get", "head", "options", "patch", "post", "put"]
    );
    assert!(answer.body.is_empty());
}

#[actix_web::test]
async fn a_page_that_asks_for_too_much_is_refused() {
    let shop = shop().await;

    for (origin, method, headers) in [
        ("https://evil.example", "GET", "content-type"),
        (OURS, "TRACE", "content-type"),
        (OURS, "GET", "x-forwarded-for"),
    ] {
        let answer = preflight(&shop, origin, method, headers).await;
        assert_eq!(answer.status, 400, "{origin} {method} {headers}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}
