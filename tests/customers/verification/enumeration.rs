//! Neither the response nor the work of a request reveals whether an address has an account.

use mercer::customers::passwords::started_hash_count;
use serde_json::{Value, json};

use super::{RESEND, RESET, registration};
use crate::support::shop::PASSWORD;
use crate::support::{TestResponse, TestShop};

/// Returns a shop with a verified, an unverified and an inactive account, and one without a password.
async fn shop(settings: &[(&str, &str)]) -> TestShop {
    let shop = TestShop::with_statement_log_and_settings(settings).await;
    for name in ["verified", "unverified", "inactive", "passwordless"] {
        shop.customer_account(name).await;
    }
    shop.execute("update users set email_verified_at = now() where email not like 'unverified@%'");
    shop.execute("update users set is_active = false where email like 'inactive@%'");
    shop.execute("update users set password_hash = null where email like 'passwordless@%'");
    shop
}

const ADDRESSES: [&str; 5] = [
    "verified@example.com",
    "unverified@example.com",
    "inactive@example.com",
    "passwordless@example.com",
    "nobody@example.com",
];

/// Sends a request. Returns the response, the number of hashes and the SQL statements.
async fn cost(shop: &TestShop, url: &str, body: Value) -> (TestResponse, u64, Vec<String>) {
    let before = started_hash_count();
    let (response, statements) = shop.record_statements(shop.anonymous().post(url, body)).await;
    (response, started_hash_count() - before, statements)
}

/// Returns the statements without their values.
fn texts(statements: &[String]) -> Vec<&str> {
    statements.iter().map(|statement| statement.split(" -- binds:").next().unwrap_or_default()).collect()
}

/// Asserts that status, body, number of hashes and statements are the same for all request bodies.
async fn assert_same_statements(shop: &TestShop, url: &str, bodies: &[Value], hashes: u64) {
    let first = assert_same_cost(shop, url, bodies, hashes).await;
    for body in bodies {
        let (_, _, statements) = cost(shop, url, body.clone()).await;
        assert_eq!(texts(&statements), texts(&first), "{url} {body}");
    }
}

/// Asserts that status, body, number of hashes and number of statements are the same for all request bodies.
async fn assert_same_cost(shop: &TestShop, url: &str, bodies: &[Value], hashes: u64) -> Vec<String> {
    // The first request of a connection sends additional statements.
    cost(shop, url, bodies[0].clone()).await;
    let (first, _, first_statements) = cost(shop, url, bodies[0].clone()).await;
    for body in bodies {
        let (response, hashed, statements) = cost(shop, url, body.clone()).await;
        assert_eq!((response.status, &response.body), (first.status, &first.body), "{url} {body}");
        assert_eq!(response.header("location"), first.header("location"), "{url} {body}");
        assert_eq!(hashed, hashes, "{url} {body}");
        assert_eq!(statements.len(), first_statements.len(), "{url} {body}: {statements:#?} {first_statements:#?}");
    }
    first_statements
}

fn each(make: impl Fn(&str) -> Value) -> Vec<Value> {
    ADDRESSES.iter().map(|email| make(email)).collect()
}

#[actix_web::test]
async fn wrong_password_takes_the_same_work_for_every_account() {
    for verification in ["optional", "required"] {
        let shop = shop(&[("EMAIL_VERIFICATION", verification)]).await;
        let bodies = each(|email| json!({"email": email, "password": "wrong horse"}));

        for url in ["/api/auth/login/", "/api/auth/token/"] {
            assert_same_statements(&shop, url, &bodies, 1).await;
        }
        assert_eq!(shop.number("select count(*) from sessions"), 0);
    }
}

#[actix_web::test]
async fn password_reset_takes_the_same_work_with_and_without_an_account() {
    let shop = shop(&[]).await;

    assert_same_statements(&shop, RESET, &each(|email| json!({"email": email})), 0).await;

    let (response, _, _) = cost(&shop, RESET, json!({"email": "nobody@example.com"})).await;
    assert_eq!(response.expect(200), json!({"detail": "Password reset e-mail has been sent."}));
}

#[actix_web::test]
async fn resending_the_key_takes_the_same_work_with_and_without_an_account() {
    let shop = shop(&[("EMAIL_VERIFICATION", "required")]).await;

    assert_same_statements(&shop, RESEND, &each(|email| json!({"email": email})), 0).await;
}

#[actix_web::test]
async fn unverified_registration_takes_the_same_work_for_known_and_new_addresses() {
    let shop = shop(&[("EMAIL_VERIFICATION", "required")]).await;
    let new = ["one@example.com", "two@example.com", "three@example.com"];
    let bodies: Vec<_> = ADDRESSES.iter().chain(&new).map(|email| registration(email)).collect();

    assert_same_cost(&shop, "/api/auth/registration/", &bodies, 1).await;

    assert_eq!(shop.number("select count(*) from users"), 8);
}

#[actix_web::test]
async fn guessed_reset_token_takes_the_same_work_for_every_user_id() {
    let shop = shop(&[]).await;
    let ids: Vec<String> = shop
        .sql(|conn| {
            use diesel::prelude::*;
            mercer::schema::users::table.select(mercer::schema::users::id).load::<uuid::Uuid>(conn)
        })
        .iter()
        .map(ToString::to_string)
        .collect();
    let unknown = "0190aaaa-0000-7000-8000-00000000dead".to_owned();
    let body = |uid: &String| json!({"uid": uid, "token": "x".repeat(43), "new_password1": PASSWORD, "new_password2": PASSWORD});
    let bodies: Vec<_> = ids.iter().chain([&unknown]).map(body).collect();

    assert_same_statements(&shop, super::CONFIRM, &bodies, 0).await;
}

#[actix_web::test]
async fn email_change_takes_the_same_work_for_taken_and_free_addresses() {
    let shop = shop(&[]).await;
    let ana = shop.customer("ana").await;
    let mut costs = Vec::new();
    for email in ["warm@example.com", "verified@example.com", "free@example.com", "unverified@example.com"] {
        shop.advance(chrono::TimeDelta::seconds(61));
        let body = json!({"new_email": email, "password": PASSWORD});
        let before = started_hash_count();
        let (response, statements) = shop.record_statements(ana.post(super::EMAIL, body)).await;
        costs.push((response.status, response.body, started_hash_count() - before, statements.len()));
    }

    assert_eq!(costs[1], costs[2]);
    assert_eq!(costs[1], costs[3]);
    assert_eq!((costs[1].0.as_u16(), costs[1].2), (200, 1));
}
