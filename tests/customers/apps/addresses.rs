//! From where a program may call.

use serde_json::{Value, json};

use super::{assert_bad_token, program};
use crate::support::TestShop;

#[actix_web::test]
async fn a_program_calls_from_where_it_is_allowed() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = program(&shop, &root, &["orders.view"]).await;
    assert_eq!(ledger.at("198.51.100.1").get("/api/orders/").await.status, 200, "none named: from anywhere");

    root.patch(&url, json!({"allowed_addresses": ["203.0.113.0/24", "2001:db8::/32"]})).await.expect(200);

    for (address, status) in [
        ("203.0.113.1", 200),
        ("203.0.113.254", 200),
        ("::ffff:203.0.113.9", 200),
        ("2001:db8::7", 200),
        ("203.0.112.1", 401),
        ("127.0.0.1", 401),
        ("2001:db9::7", 401),
    ] {
        assert_eq!(ledger.at(address).get("/api/orders/").await.status, status, "{address}");
    }
    root.patch(&url, json!({"allowed_addresses": []})).await.expect(200);
    assert_eq!(ledger.at("203.0.112.1").get("/api/orders/").await.status, 200);
}

#[actix_web::test]
async fn a_forged_forwarded_address_opens_nothing() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = program(&shop, &root, &["orders.view"]).await;
    root.patch(&url, json!({"allowed_addresses": ["203.0.113.9"]})).await.expect(200);

    let forged = ledger.at("198.51.100.1").with_header("x-forwarded-for", "203.0.113.9");

    assert_bad_token(&forged.get("/api/orders/").await);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_the_last_address_counts() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let root = shop.superuser().await;
    let (url, ledger) = program(&shop, &root, &["orders.view"]).await;
    root.patch(&url, json!({"allowed_addresses": ["203.0.113.9"]})).await.expect(200);

    for (forwarded, status) in [
        ("203.0.113.9", 200),
        ("198.51.100.1, 203.0.113.9", 200),
        ("203.0.113.9, 198.51.100.1", 401),
        ("198.51.100.1", 401),
        ("nonsense", 401),
    ] {
        let answer = ledger.with_header("x-forwarded-for", forwarded).get("/api/orders/").await;
        assert_eq!(answer.status, status, "{forwarded}");
    }
    assert_bad_token(&ledger.get("/api/orders/").await);
    let outside = ledger.at("198.51.100.1").with_header("x-forwarded-for", "203.0.113.9");
    assert_bad_token(&outside.get("/api/orders/").await);
}

#[actix_web::test]
async fn a_token_shown_from_elsewhere_was_not_used() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = program(&shop, &root, &["orders.view"]).await;
    root.patch(&url, json!({"allowed_addresses": ["203.0.113.9"]})).await.expect(200);

    assert_bad_token(&ledger.get("/api/orders/").await);

    let tokens = root.get(&format!("{url}tokens/")).await.expect(200);
    assert_eq!(tokens[0]["last_used_at"], Value::Null);
    ledger.at("203.0.113.9").get("/api/orders/").await.expect(200);
    assert!(root.get(&format!("{url}tokens/")).await.expect(200)[0]["last_used_at"].is_string());
}

#[actix_web::test]
async fn where_a_network_cannot_be_read_nobody_calls() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (_, ledger) = program(&shop, &root, &["orders.view"]).await;
    assert_eq!(ledger.get("/api/orders/").await.status, 200);

    shop.execute("update apps set allowed_addresses = '{somewhere}'");

    assert_bad_token(&ledger.get("/api/orders/").await);
}
