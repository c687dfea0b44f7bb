//! Rotation of the signing keys, with two running processes.

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::join;
use jsonwebtoken::decode_header;
use mercer::customers::auth::{RotateSigningKeys, rotate_keys};
use mercer::platform::error::Problem;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::forged_tokens::Forger;
use super::{assert_not_valid, refresh, status_with, text};
use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

/// Time between the publication of a key and its first signature.
const ANNOUNCEMENT_PERIOD: TimeDelta = TimeDelta::minutes(10);

/// Time for which a retired key verifies: thirty days of a session, and one day for clock differences.
const VERIFICATION_PERIOD: TimeDelta = TimeDelta::days(31);

/// Announces a new key, as `mercer keys rotate` does, and returns its `kid`.
fn rotate(shop: &TestShop) -> Option<String> {
    let context = shop.app.system_context();
    let rotate = |conn: &mut diesel::PgConnection| rotate_keys(conn, &shop.app.keys, &context);
    let key = shop.app.db.write_blocking(|conn| rotate(conn).map_err(Problem::from_anyhow)).unwrap();
    key.map(|key| key.id)
}

fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

/// Returns the ids of the published keys, newest first.
async fn published(client: &Client) -> Vec<String> {
    let set = client.get("/.well-known/jwks.json").await.expect(200);
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn sign_in(client: &Client, email: &str) -> Value {
    client.post("/api/auth/token/", json!({"email": email, "password": PASSWORD})).await.expect(200)
}

async fn status_at(client: &Client, access: &str) -> u16 {
    let mut client = client.clone();
    client.token = Some(access.to_owned());
    client.get("/api/auth/user/").await.status.as_u16()
}

#[actix_web::test]
async fn new_key_is_published_before_it_signs_and_the_old_key_verifies_afterwards() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    let (here, there) = (shop.anonymous(), shop.second_process().await);
    let old = kid(&ana.refresh);
    assert_eq!(published(&there).await, std::slice::from_ref(&old));

    let new = rotate(&shop).unwrap();
    shop.advance(TimeDelta::minutes(1));

    // Both processes publish the key, and neither signs with it yet.
    for process in [&here, &there] {
        assert_eq!(published(process).await, [new.clone(), old.clone()]);
        assert_eq!(kid(&text(&sign_in(process, &ana.email).await, "access")), old);
    }

    shop.advance(ANNOUNCEMENT_PERIOD - TimeDelta::minutes(1));

    for process in [&here, &there] {
        let tokens = sign_in(process, &ana.email).await;
        assert_eq!((kid(&text(&tokens, "access")), kid(&text(&tokens, "refresh"))), (new.clone(), new.clone()));
        // Both processes accept tokens of both keys.
        for other in [&here, &there] {
            assert_eq!(status_at(other, &text(&tokens, "access")).await, 200);
            assert_eq!(status_at(other, ana.token.as_deref().unwrap()).await, 200);
        }
    }
}

#[actix_web::test]
async fn session_continues_after_a_key_rotation() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let new = rotate(&shop).unwrap();
    shop.advance(ANNOUNCEMENT_PERIOD + TimeDelta::days(29));

    let pair = refresh(&shop, &ana.refresh).await.expect(200);

    assert_eq!(kid(&text(&pair, "refresh")), new);
    assert_eq!(status_with(&shop, &text(&pair, "access")).await, 200);
    assert_eq!(shop.number("select generation from sessions"), 2);
}

#[actix_web::test]
async fn key_whose_last_token_has_expired_is_ignored_and_deleted() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);
    let new = rotate(&shop).unwrap();
    shop.advance(ANNOUNCEMENT_PERIOD + VERIFICATION_PERIOD - TimeDelta::minutes(1));
    let later = json!((shop.app.clock.now() + TimeDelta::hours(1)).timestamp());
    let ben = shop.customer("ben").await;
    // A token that is signed with the old key for an active session.
    let forged = forger.changed(&ben, "exp", later);
    assert_eq!(status_with(&shop, &forged).await, 200);

    shop.advance(TimeDelta::minutes(1));

    assert_eq!(status_with(&shop, &forged).await, 401);
    assert_not_valid(&refresh(&shop, &ana.refresh).await);
    assert_eq!(published(&shop.anonymous()).await, [new]);
    assert_eq!(status_with(&shop, ben.token.as_deref().unwrap()).await, 200);

    RotateSigningKeys {}.run(&shop.app).await.unwrap();

    let old_key = format!("select count(*) from signing_keys where id = '{}'", forger.kid);
    assert_eq!(shop.number(&old_key), 0);
    let entries = "select count(*) from audit_entries where action = 'signing_key.removed'";
    assert_eq!(shop.number(entries), 1);
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}

#[actix_web::test]
async fn shorter_session_lifetime_keeps_the_keys_of_existing_sessions() {
    let shop = TestShop::with_settings(&[("REFRESH_TOKEN_DAYS", "60")]).await;
    let ana = shop.customer("ana").await;

    // The second process has sessions of thirty days and creates the next key.
    let there = shop.second_process().await;
    rotate(&shop).unwrap();
    shop.advance(TimeDelta::days(59));

    let pair = there.post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await.expect(200);
    assert_eq!(status_at(&there, &text(&pair, "access")).await, 200);
    assert_eq!(shop.number("select min(token_days) from signing_keys"), 60);
}

#[actix_web::test]
async fn concurrent_rotations_announce_one_key() {
    let shop = TestShop::new().await;
    let rotate = || {
        let (keys, context) = (shop.app.keys.clone(), shop.app.system_context());
        let rotate = move |conn: &mut diesel::PgConnection| rotate_keys(conn, &keys, &context);
        shop.app.db.write(move |conn| rotate(conn).map_err(Problem::from_anyhow))
    };

    let (first, second) = join!(rotate(), rotate());

    let announced = [first.unwrap(), second.unwrap()].into_iter().flatten().count();
    assert_eq!(announced, 1);
    assert_eq!(shop.number("select count(*) from signing_keys"), 2);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'signing_key.announced'"), 1);
}

#[actix_web::test]
async fn signing_key_is_rotated_after_ninety_days() {
    let shop = TestShop::new().await;
    let keys = || shop.number("select count(*) from signing_keys");

    shop.advance(TimeDelta::days(90) - TimeDelta::minutes(1));
    RotateSigningKeys {}.run(&shop.app).await.unwrap();
    assert_eq!(keys(), 1);

    shop.advance(TimeDelta::minutes(1));
    RotateSigningKeys {}.run(&shop.app).await.unwrap();
    RotateSigningKeys {}.run(&shop.app).await.unwrap();
    assert_eq!(keys(), 2);
    assert_eq!(shop.number("select count(*) from signing_keys where retired_at is null"), 1);
}

#[actix_web::test]
async fn key_created_by_another_process_is_loaded_at_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    // The key was not announced: an administrator retired the old key, and a process started.
    shop.execute("update signing_keys set retired_at = now()");
    let there = shop.second_process().await;

    let tokens = sign_in(&there, &ana.email).await;

    assert_ne!(kid(&text(&tokens, "access")), kid(ana.token.as_deref().unwrap()));
    assert_eq!(status_with(&shop, &text(&tokens, "access")).await, 200);
}

#[actix_web::test]
async fn tokens_with_unknown_keys_reload_the_keys_at_most_once_a_minute() {
    let shop = TestShop::with_statement_log().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);
    let claims = super::claims(ana.token.as_deref().unwrap());
    let send_tokens = async || {
        let tokens = (0..50).map(|number| forger.sign(Some(&format!("unknown-{number}")), &claims));
        let tokens: Vec<_> = tokens.collect();
        let statuses = join_all(tokens.iter().map(|token| status_with(&shop, token))).await;
        assert!(statuses.iter().all(|status| status.as_u16() == 401), "{statuses:?}");
    };
    let reload_count = |statements: &[String]| statements.iter().filter(|sql| sql.contains("signing_keys")).count();

    let (_, statements) = shop.record_statements(send_tokens()).await;
    assert_eq!(reload_count(&statements), 1);
    let (_, statements) = shop.record_statements(send_tokens()).await;
    assert_eq!(reload_count(&statements), 0);

    // A minute later: one reload because of the age, and one because of the unknown key.
    shop.advance(TimeDelta::minutes(1));
    let (_, statements) = shop.record_statements(send_tokens()).await;
    assert_eq!(reload_count(&statements), 2);
    assert_eq!(ana.get("/api/auth/user/").await.status, 200);
}
