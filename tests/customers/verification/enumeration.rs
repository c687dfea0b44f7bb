//! Whether an address has an account is told by no answer, and by no work that an answer takes.

use mercer::customers::accounts::hashes_asked_for;
use serde_json::{Value, json};

use super::{RESEND, RESET, registration};
use crate::support::shop::PASSWORD;
use crate::support::{TestResponse, TestShop};

/// A shop with somebody verified, somebody who is not, somebody inactive and somebody without a password.
async fn shop(settings: &[(&str, &str)]) -> TestShop {
    let shop = TestShop::overheard_with(settings).await;
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

/// An answer and what it took: passwords hashed, statements sent.
async fn cost(shop: &TestShop, url: &str, body: Value) -> (TestResponse, u64, Vec<String>) {
    let before = hashes_asked_for();
    let (answer, statements) = shop.statements_of(shop.anonymous().post(url, body)).await;
    (answer, hashes_asked_for() - before, statements)
}

/// What was asked, whatever the values.
fn texts(statements: &[String]) -> Vec<&str> {
    statements.iter().map(|statement| statement.split(" -- binds:").next().unwrap_or_default()).collect()
}

/// Status, body, hashes and statements are the same for all of these bodies.
async fn assert_alike(shop: &TestShop, url: &str, bodies: &[Value], hashes: u64) {
    let first = assert_as_costly(shop, url, bodies, hashes).await;
    for body in bodies {
        let (_, _, statements) = cost(shop, url, body.clone()).await;
        assert_eq!(texts(&statements), texts(&first), "{url} {body}");
    }
}

/// Status, body, hashes and the number of statements are the same for all of these bodies.
async fn assert_as_costly(shop: &TestShop, url: &str, bodies: &[Value], hashes: u64) -> Vec<String> {
    // What only the first request of a connection sends is nobody's sign.
    cost(shop, url, bodies[0].clone()).await;
    let (first, _, first_statements) = cost(shop, url, bodies[0].clone()).await;
    for body in bodies {
        let (answer, hashed, statements) = cost(shop, url, body.clone()).await;
        assert_eq!((answer.status, &answer.body), (first.status, &first.body), "{url} {body}");
        assert_eq!(answer.header("location"), first.header("location"), "{url} {body}");
        assert_eq!(hashed, hashes, "{url} {body}");
        assert_eq!(statements.len(), first_statements.len(), "{url} {body}: {statements:#?} {first_statements:#?}");
    }
    first_statements
}

fn each(make: impl Fn(&str) -> Value) -> Vec<Value> {
    ADDRESSES.iter().map(|email| make(email)).collect()
}

#[actix_web::test]
async fn a_wrong_password_costs_the_same_whosever_it_is_not() {
    for verification in ["optional", "required"] {
        let shop = shop(&[("EMAIL_VERIFICATION", verification)]).await;
        let bodies = each(|email| json!({"email": email, "password": "wrong horse"}));

        for url in ["/api/auth/login/", "/api/auth/token/"] {
            assert_alike(&shop, url, &bodies, 1).await;
        }
        assert_eq!(shop.number("select count(*) from sessions"), 0);
    }
}

#[actix_web::test]
async fn asking_for_a_new_password_costs_the_same_whether_or_not_there_is_an_account() {
    let shop = shop(&[]).await;

    assert_alike(&shop, RESET, &each(|email| json!({"email": email})), 0).await;

    let (answer, _, _) = cost(&shop, RESET, json!({"email": "nobody@example.com"})).await;
    assert_eq!(answer.expect(200), json!({"detail": "Password reset e-mail has been sent."}));
}

#[actix_web::test]
async fn asking_for_the_key_again_costs_the_same_whether_or_not_there_is_an_account() {
    let shop = shop(&[("EMAIL_VERIFICATION", "required")]).await;

    assert_alike(&shop, RESEND, &each(|email| json!({"email": email})), 0).await;
}

#[actix_web::test]
async fn registering_unseen_costs_the_same_for_a_known_address_as_for_a_new_one() {
    let shop = shop(&[("EMAIL_VERIFICATION", "required")]).await;
    let new = ["one@example.com", "two@example.com", "three@example.com"];
    let bodies: Vec<_> = ADDRESSES.iter().chain(&new).map(|email| registration(email)).collect();

    assert_as_costly(&shop, "/api/auth/registration/", &bodies, 1).await;

    assert_eq!(shop.number("select count(*) from users"), 8);
}

#[actix_web::test]
async fn a_guessed_reset_link_costs_the_same_whosever_id_it_names() {
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

    assert_alike(&shop, super::CONFIRM, &bodies, 0).await;
}

#[actix_web::test]
async fn naming_a_taken_address_costs_the_same_as_naming_a_free_one() {
    let shop = shop(&[]).await;
    let ana = shop.customer("ana").await;
    let mut costs = Vec::new();
    for email in ["warm@example.com", "verified@example.com", "free@example.com", "unverified@example.com"] {
        shop.advance(chrono::TimeDelta::seconds(61));
        let body = json!({"new_email": email, "password": PASSWORD});
        let before = hashes_asked_for();
        let (answer, statements) = shop.statements_of(ana.post(super::EMAIL, body)).await;
        costs.push((answer.status, answer.body, hashes_asked_for() - before, statements.len()));
    }

    assert_eq!(costs[1], costs[2]);
    assert_eq!(costs[1], costs[3]);
    assert_eq!((costs[1].0.as_u16(), costs[1].2), (200, 1));
}
