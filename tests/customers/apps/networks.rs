//! Networks that an app is allowed to call from.

use serde_json::{Value, json};

use super::{app_with_client, assert_bad_token};
use crate::support::TestShop;

#[actix_web::test]
async fn app_is_accepted_only_from_allowed_networks() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    assert_eq!(ledger.at("198.51.100.1").get("/api/orders/").await.status, 200, "an empty list allows every address");

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
async fn forged_forwarded_address_is_ignored() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    root.patch(&url, json!({"allowed_addresses": ["203.0.113.9"]})).await.expect(200);

    let forged = ledger.at("198.51.100.1").with_header("x-forwarded-for", "203.0.113.9");

    assert_bad_token(&forged.get("/api/orders/").await);
}

#[actix_web::test]
async fn last_forwarded_address_counts_behind_a_trusted_proxy() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let root = shop.superuser().await;
    let (url, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    root.patch(&url, json!({"allowed_addresses": ["203.0.113.9"]})).await.expect(200);

    for (forwarded, status) in [
        ("203.0.113.9", 200),
        ("198.51.100.1, 203.0.113.9", 200),
        ("203.0.113.9, 198.51.100.1", 401),
        ("198.51.100.1", 401),
        ("nonsense", 401),
    ] {
        let response = ledger.with_header("x-forwarded-for", forwarded).get("/api/orders/").await;
        assert_eq!(response.status, status, "{forwarded}");
    }
    assert_bad_token(&ledger.get("/api/orders/").await);
    let outside = ledger.at("198.51.100.1").with_header("x-forwarded-for", "203.0.113.9");
    assert_bad_token(&outside.get("/api/orders/").await);
}

#[actix_web::test]
async fn rejected_address_does_not_count_as_token_use() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    root.patch(&url, json!({"allowed_addresses": ["203.0.113.9"]})).await.expect(200);

    assert_bad_token(&ledger.get("/api/orders/").await);

    let tokens = root.get(&format!("{url}tokens/")).await.expect(200);
    assert_eq!(tokens[0]["last_used_at"], Value::Null);
    ledger.at("203.0.113.9").get("/api/orders/").await.expect(200);
    assert!(root.get(&format!("{url}tokens/")).await.expect(200)[0]["last_used_at"].is_string());
}

#[actix_web::test]
async fn app_with_an_invalid_stored_network_is_rejected() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (_, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    assert_eq!(ledger.get("/api/orders/").await.status, 200);

    shop.execute("update apps set allowed_addresses = '{somewhere}'");

    assert_bad_token(&ledger.get("/api/orders/").await);
}
