//! Tokens of programs: told once, kept as their hash.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{app, assert_bad_token, bearing, program, token};
use crate::support::TestShop;

/// Whether any row of any table that could hold it has this text.
fn is_kept(shop: &TestShop, secret: &str) -> bool {
    let tables = ["app_tokens", "apps", "idempotency_keys", "audit_entries", "events", "jobs"];
    tables.iter().any(|table| {
        let plain = shop.number(&format!("select count(*) from {table} t where t::text like '%{secret}%'"));
        let bytes = hex::encode(secret);
        plain + shop.number(&format!("select count(*) from {table} t where t::text like '%{bytes}%'")) > 0
    })
}

#[actix_web::test]
async fn a_token_is_told_once_and_only_its_hash_is_kept() {
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
    assert!(!is_kept(&shop, secret));
    let hash = format!("select count(*) from app_tokens where token_hash = sha256('{secret}')");
    assert_eq!(shop.number(&hash), 1);
}

#[actix_web::test]
async fn the_same_key_tells_the_same_token_again_and_keeps_it_sealed() {
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
    assert!(!is_kept(&shop, made["token"].as_str().unwrap()));
    assert_eq!(bearing(&shop, &made).get("/api/orders/").await.status, 200);
}

#[actix_web::test]
async fn of_several_tokens_each_is_revoked_by_itself() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, old) = program(&shop, &root, &["orders.view"]).await;
    let made = token(&root, &url, json!({"name": "new"})).await;
    let new = bearing(&shop, &made);
    let before = root.get(&format!("{url}tokens/")).await.expect(200);
    assert_eq!((before.as_array().unwrap().len(), &before[0]["name"]), (2, &json!("new")), "the newest first");

    let revoke = format!("{url}tokens/{}/", before[1]["id"].as_str().unwrap());
    root.delete(&revoke).await.expect(204);

    assert_bad_token(&old.get("/api/orders/").await);
    assert_eq!(new.get("/api/orders/").await.status, 200);
    root.delete(&revoke).await.expect(404);
    let other = app(&root, "Other", &[]).await;
    root.delete(&format!("{other}tokens/{}/", made["id"].as_str().unwrap())).await.expect(404);
    assert_eq!(new.get("/api/orders/").await.status, 200, "another program's token is not there");
}

#[actix_web::test]
async fn a_token_ends_when_it_was_said_to() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &["orders.view"]).await;
    let ends = shop.app.clock.now() + TimeDelta::minutes(4);
    let made = token(&root, &url, json!({"expires_at": ends})).await;
    let ledger = bearing(&shop, &made);

    shop.advance(TimeDelta::minutes(3));
    assert_eq!(ledger.get("/api/orders/").await.status, 200);
    shop.advance(TimeDelta::minutes(1));

    assert_bad_token(&ledger.get("/api/orders/").await);
    let late = root.post(&format!("{url}tokens/"), json!({"expires_at": ends})).await;
    assert_eq!(late.expect(400), json!({"expires_at": ["This time is over."]}));
}

#[actix_web::test]
async fn the_last_use_is_known_to_the_minute() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = program(&shop, &root, &["orders.view"]).await;
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
async fn rubbish_is_no_token() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (_, ledger) = program(&shop, &root, &["orders.view"]).await;
    let good = ledger.token.clone().unwrap();
    let wrong_case = good.to_uppercase();

    for forged in ["mercer_", "mercer_x", &good[..good.len() - 1], &format!("{good}A"), &wrong_case, &good[7..]] {
        let client = shop.anonymous().with_header("authorization", &format!("Bearer {forged}"));
        assert_bad_token(&client.get("/api/products/").await);
    }

    assert_eq!(shop.number("select count(*) from app_tokens where last_used_at is not null"), 0);
}

#[actix_web::test]
async fn of_two_at_once_the_twenty_first_token_is_refused() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &[]).await;
    for _ in 0..19 {
        token(&root, &url, json!({})).await;
    }

    let tokens = format!("{url}tokens/");
    let answers = join_all([json!({}), json!({})].map(|body| root.post(&tokens, body))).await;

    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let refused = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert_eq!(refused.json(), json!({"detail": "An app has 20 tokens at most.", "code": "too_many_tokens"}));
    assert_eq!(shop.number("select count(*) from app_tokens"), 20);
}
