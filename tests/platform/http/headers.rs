//! Headers of every response.

use crate::support::builders::order_body;
use crate::support::{TestResponse, TestShop};

#[track_caller]
fn assert_secure(response: &TestResponse) {
    for (name, value) in [
        ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name} of {}", response.status);
    }
    for name in ["server", "x-powered-by", "strict-transport-security"] {
        assert_eq!(response.header(name), None, "{name} of {}", response.status);
    }
}

#[actix_web::test]
async fn every_response_has_the_security_headers() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let bad = shop.anonymous().with_header("authorization", "Bearer x");

    for (status, response) in [
        (200, ana.get("/api/auth/user/").await),
        (200, ana.get("/health/live").await),
        (400, ana.get("/api/products/?price__gte=x").await),
        (401, bad.get("/api/products/").await),
        (403, ana.get("/api/stocks/").await),
        (404, ana.get("/api/nothing/").await),
        (405, ana.delete("/api/products/").await),
    ] {
        assert_eq!(response.status, status);
        assert_secure(&response);
    }
    shop.execute("alter table categories rename to gone");
    let broken = ana.get("/api/categories/").await;
    assert_eq!(broken.status, 500);
    assert_secure(&broken);
}

#[actix_web::test]
async fn documentation_page_runs_only_its_own_scripts() {
    let shop = TestShop::new().await;

    let page = shop.anonymous().get("/api/docs/").await;

    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

#[actix_web::test]
async fn every_response_has_the_request_id_of_the_log() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    let good = guest.get("/api/products/").await;
    let rejected = guest.get("/api/nothing/").await;
    shop.execute("alter table categories rename to gone");
    let broken = guest.get("/api/categories/").await;

    let ids = [&good, &rejected, &broken].map(|response| response.header("x-request-id").unwrap().to_owned());
    assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    assert_eq!(broken.expect(500)["request_id"], ids[2].as_str());
}

#[actix_web::test]
async fn public_keys_are_cacheable() {
    let shop = TestShop::new().await;

    let keys = shop.anonymous().get("/.well-known/jwks.json").await;

    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
}

#[actix_web::test]
async fn public_responses_are_revalidated_and_private_responses_are_not_stored() {
    let shop = TestShop::new().await;
    let (ana, guest) = (shop.customer("ana").await, shop.anonymous());
    let mug = shop.product("Mug").create();
    let url = format!("/api/products/{}/", mug.id);

    let public = guest.get(&url).await;
    assert_eq!(public.header("cache-control"), Some("no-cache"));
    let known = guest.with_header("if-none-match", public.header("etag").unwrap()).get(&url).await;
    assert_eq!((known.status.as_u16(), known.header("cache-control")), (304, Some("no-cache")));

    assert_eq!(ana.get(&url).await.header("cache-control"), Some("no-store"));
    assert_eq!(guest.with_header("x-order-token", "x").get(&url).await.header("cache-control"), Some("no-store"));
    let mut body = order_body(&[(&mug, 1)]);
    body["email"] = "nia@example.com".into();
    let order = guest.post("/api/orders/", body).await;
    assert_eq!((order.status.as_u16(), order.header("cache-control")), (201, Some("no-store")));
}
