//! App tokens: the secret is returned once and stored as a hash.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{app, app_with_client, assert_bad_token, client_with, token};
use crate::support::TestShop;

/// Returns true if a table that could contain the secret contains it in plain text.
fn is_stored(shop: &TestShop, secret: &str) -> bool {
    let tables = ["app_tokens", "apps", "idempotency_keys", "audit_entries", "events", "jobs"];
    tables.iter().any(|table| {
        let plain = shop.number(&format!("select count(*) from {table} t where t::text like '%{secret}%'"));
        let bytes = hex::encode(secret);
        plain + shop.number(&format!("select count(*) from {table} t where t::text like '%{bytes}%'")) > 0
    })
}

#[actix_web::test]
async fn token_secret_is_returned_once_and_stored_as_a_hash() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &["orders.view"]).await;

    let made = token(&root, &url, json!({"name": "production"})).await;

    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("mercer_") && secret.len() >= 50, "{secret}");
    assert!(secret.ends_with(made["last_four"].as_str().unwrap()));
    let listed = root.get(&format!("{url}tokens/")).await.expect(200);
    assert_eq!(
        listed,
        json!([{
            "id": made["id"], "name": "production", "last_four": made["last_four"], "expires_at": null,
            "last_used_at": null, "created_at": made["created_at"],
        }])
    );
    assert!(!is_stored(&shop, secret));
    let hash = format!("select count(*) from app_tokens where token_hash = sha256('{secret}')");
    assert_eq!(shop.number(&hash), 1);
}

#[actix_web::test]
async fn replayed_token_creation_returns_the_same_token_from_encrypted_storage() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &["orders.view"]).await;
    let keyed = root.with_header("idempotency-key", "token-1");

    let first = keyed.post(&format!("{url}tokens/"), json!({"name": "production"})).await;
    let again = keyed.post(&format!("{url}tokens/"), json!({"name": "production"})).await;

    let made = first.expect(201);
    assert_eq!(again.expect(201), made);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(shop.number("select count(*) from app_tokens"), 1);
    assert_eq!(shop.number("select count(*) from idempotency_keys where body is null"), 1);
    assert!(!is_stored(&shop, made["token"].as_str().unwrap()));
    assert_eq!(client_with(&shop, &made).get("/api/orders/").await.status, 200);
}

#[actix_web::test]
async fn revoking_a_token_keeps_the_other_tokens() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, old) = app_with_client(&shop, &root, &["orders.view"]).await;
    let made = token(&root, &url, json!({"name": "new"})).await;
    let new = client_with(&shop, &made);
    let before = root.get(&format!("{url}tokens/")).await.expect(200);
    assert_eq!((before.as_array().unwrap().len(), &before[0]["name"]), (2, &json!("new")), "newest first");

    let revoke = format!("{url}tokens/{}/", before[1]["id"].as_str().unwrap());
    root.delete(&revoke).await.expect(204);

    assert_bad_token(&old.get("/api/orders/").await);
    assert_eq!(new.get("/api/orders/").await.status, 200);
    root.delete(&revoke).await.expect(404);
    let other = app(&root, "Other", &[]).await;
    root.delete(&format!("{other}tokens/{}/", made["id"].as_str().unwrap())).await.expect(404);
    assert_eq!(new.get("/api/orders/").await.status, 200, "the token is not found below another app");
}

#[actix_web::test]
async fn token_is_rejected_after_its_expiry() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &["orders.view"]).await;
    let expires_at = shop.app.clock.now() + TimeDelta::minutes(4);
    let made = token(&root, &url, json!({"expires_at": expires_at})).await;
    let ledger = client_with(&shop, &made);

    shop.advance(TimeDelta::minutes(3));
    assert_eq!(ledger.get("/api/orders/").await.status, 200);
    shop.advance(TimeDelta::minutes(1));

    assert_bad_token(&ledger.get("/api/orders/").await);
    let late = root.post(&format!("{url}tokens/"), json!({"expires_at": expires_at})).await;
    assert_eq!(late.expect(400), json!({"expires_at": ["Enter a time in the future."]}));
}

#[actix_web::test]
async fn last_use_of_a_token_is_recorded_to_the_minute() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    let last_use = || async { root.get(&format!("{url}tokens/")).await.expect(200)[0]["last_used_at"].clone() };
    assert_eq!(last_use().await, Value::Null);

    ledger.get("/api/orders/").await.expect(200);
    let first = last_use().await;
    ledger.get("/api/orders/").await.expect(200);

    assert!(first.is_string());
    assert_eq!(last_use().await, first, "within the minute");
    shop.advance(TimeDelta::minutes(2));
    ledger.get("/api/orders/").await.expect(200);
    assert_ne!(last_use().await, first);
}

#[actix_web::test]
async fn malformed_token_is_rejected() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (_, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;
    let valid = ledger.token.clone().unwrap();
    let wrong_case = valid.to_uppercase();

    for forged in ["mercer_", "mercer_x", &valid[..valid.len() - 1], &format!("{valid}A"), &wrong_case, &valid[7..]] {
        let client = shop.anonymous().with_header("authorization", &format!("Bearer {forged}"));
        assert_bad_token(&client.get("/api/products/").await);
    }

    assert_eq!(shop.number("select count(*) from app_tokens where last_used_at is not null"), 0);
}

#[actix_web::test]
async fn concurrent_requests_cannot_exceed_20_tokens() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &[]).await;
    for _ in 0..19 {
        token(&root, &url, json!({})).await;
    }

    let tokens = format!("{url}tokens/");
    let responses = join_all([json!({}), json!({})].map(|body| root.post(&tokens, body))).await;

    let mut statuses: Vec<_> = responses.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let rejected = responses.iter().find(|response| response.status == 409).unwrap();
    assert_eq!(
        rejected.json(),
        json!({"detail": "An app can have at most 20 tokens. Revoke a token first.", "code": "too_many_tokens"})
    );
    assert_eq!(shop.number("select count(*) from app_tokens"), 20);
}
