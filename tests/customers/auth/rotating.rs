//! New signing keys in place of old ones, while the shop runs in two programs.

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::join;
use jsonwebtoken::decode_header;
use mercer::customers::auth::{TendKeys, rotate_keys};
use mercer::platform::audit::Origin;
use mercer::platform::error::Problem;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::forging::Forger;
use super::{assert_not_valid, refresh, status_with, text};
use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

/// A new key is published for this long before it signs.
const ANNOUNCED: TimeDelta = TimeDelta::minutes(10);

/// As long as an old key is needed: a session's thirty days, and a day for clocks that differ.
const NEEDED: TimeDelta = TimeDelta::days(31);

/// Announces a new key, as `mercer keys rotate` does, and tells its `kid`.
fn rotate(shop: &TestShop) -> Option<String> {
    let origin = Origin::system(shop.app.clock.now());
    let rotate = |conn: &mut diesel::PgConnection| rotate_keys(conn, &shop.app.keys, &origin);
    let key = shop.app.db.write_blocking(|conn| rotate(conn).map_err(Problem::from_anyhow)).unwrap();
    key.map(|key| key.id)
}

fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

/// The published keys, the newest first.
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
async fn a_new_key_is_published_before_it_signs_and_the_old_one_checks_after() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    let (here, there) = (shop.anonymous(), shop.another_program().await);
    let old = kid(&ana.refresh);
    assert_eq!(published(&there).await, std::slice::from_ref(&old));

    let new = rotate(&shop).unwrap();
    shop.advance(TimeDelta::minutes(1));

    // Both programs publish it, and neither signs with it yet.
    for program in [&here, &there] {
        assert_eq!(published(program).await, [new.clone(), old.clone()]);
        assert_eq!(kid(&text(&sign_in(program, &ana.email).await, "access")), old);
    }

    shop.advance(ANNOUNCED - TimeDelta::minutes(1));

    for program in [&here, &there] {
        let tokens = sign_in(program, &ana.email).await;
        assert_eq!((kid(&text(&tokens, "access")), kid(&text(&tokens, "refresh"))), (new.clone(), new.clone()));
        // Tokens of either key are good in either program.
        for other in [&here, &there] {
            assert_eq!(status_at(other, &text(&tokens, "access")).await, 200);
            assert_eq!(status_at(other, ana.token.as_deref().unwrap()).await, 200);
        }
    }
}

#[actix_web::test]
async fn a_session_lives_on_under_the_next_key() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let new = rotate(&shop).unwrap();
    shop.advance(ANNOUNCED + TimeDelta::days(29));

    let pair = refresh(&shop, &ana.refresh).await.expect(200);

    assert_eq!(kid(&text(&pair, "refresh")), new);
    assert_eq!(status_with(&shop, &text(&pair, "access")).await, 200);
    assert_eq!(shop.number("select generation from sessions"), 2);
}

#[actix_web::test]
async fn a_key_whose_last_token_is_over_checks_nothing_and_is_removed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);
    let new = rotate(&shop).unwrap();
    shop.advance(ANNOUNCED + NEEDED - TimeDelta::minutes(1));
    let later = json!((shop.app.clock.now() + TimeDelta::hours(1)).timestamp());
    let ben = shop.customer("ben").await;
    // Somebody with the old key makes a token for a session that is alive.
    let forged = forger.changed(&ben, "exp", later);
    assert_eq!(status_with(&shop, &forged).await, 200);

    shop.advance(TimeDelta::minutes(1));

    assert_eq!(status_with(&shop, &forged).await, 401);
    assert_not_valid(&refresh(&shop, &ana.refresh).await);
    assert_eq!(published(&shop.anonymous()).await, [new]);
    assert_eq!(status_with(&shop, ben.token.as_deref().unwrap()).await, 200);

    TendKeys {}.run(&shop.app).await.unwrap();

    let gone = format!("select count(*) from signing_keys where id = '{}'", forger.kid);
    assert_eq!(shop.number(&gone), 0);
    let told = "select count(*) from audit_entries where action = 'signing_key.removed'";
    assert_eq!(shop.number(told), 1);
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}

#[actix_web::test]
async fn sessions_from_before_a_shorter_setting_keep_their_key() {
    let shop = TestShop::with_settings(&[("REFRESH_TOKEN_DAYS", "60")]).await;
    let ana = shop.customer("ana").await;

    // The second program lets sessions last for thirty days, and makes the next key.
    let there = shop.another_program().await;
    rotate(&shop).unwrap();
    shop.advance(TimeDelta::days(59));

    let pair = there.post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await.expect(200);
    assert_eq!(status_at(&there, &text(&pair, "access")).await, 200);
    assert_eq!(shop.number("select min(token_days) from signing_keys"), 60);
}

#[actix_web::test]
async fn two_who_rotate_at_once_announce_one_key() {
    let shop = TestShop::new().await;
    let rotate = || {
        let (keys, origin) = (shop.app.keys.clone(), Origin::system(shop.app.clock.now()));
        let rotate = move |conn: &mut diesel::PgConnection| rotate_keys(conn, &keys, &origin);
        shop.app.db.write(move |conn| rotate(conn).map_err(Problem::from_anyhow))
    };

    let (one, other) = join!(rotate(), rotate());

    let announced = [one.unwrap(), other.unwrap()].into_iter().flatten().count();
    assert_eq!(announced, 1);
    assert_eq!(shop.number("select count(*) from signing_keys"), 2);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'signing_key.announced'"), 1);
}

#[actix_web::test]
async fn a_key_is_replaced_after_ninety_days() {
    let shop = TestShop::new().await;
    let keys = || shop.number("select count(*) from signing_keys");

    shop.advance(TimeDelta::days(90) - TimeDelta::minutes(1));
    TendKeys {}.run(&shop.app).await.unwrap();
    assert_eq!(keys(), 1);

    shop.advance(TimeDelta::minutes(1));
    TendKeys {}.run(&shop.app).await.unwrap();
    TendKeys {}.run(&shop.app).await.unwrap();
    assert_eq!(keys(), 2);
    assert_eq!(shop.number("select count(*) from signing_keys where retired_at is null"), 1);
}

#[actix_web::test]
async fn a_key_that_another_program_made_this_second_is_found() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    // Nobody announced it: the key before it was taken away by hand, and a program started.
    shop.execute("update signing_keys set retired_at = now()");
    let there = shop.another_program().await;

    let tokens = sign_in(&there, &ana.email).await;

    assert_ne!(kid(&text(&tokens, "access")), kid(ana.token.as_deref().unwrap()));
    assert_eq!(status_with(&shop, &text(&tokens, "access")).await, 200);
}

#[actix_web::test]
async fn a_flood_of_tokens_with_made_up_keys_reads_the_keys_once_a_minute() {
    let shop = TestShop::overheard().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);
    let claims = super::claims(ana.token.as_deref().unwrap());
    let flood = async || {
        let tokens = (0..50).map(|number| forger.sign(Some(&format!("made-up-{number}")), &claims));
        let tokens: Vec<_> = tokens.collect();
        let statuses = join_all(tokens.iter().map(|token| status_with(&shop, token))).await;
        assert!(statuses.iter().all(|status| status.as_u16() == 401), "{statuses:?}");
    };
    let readings = |statements: &[String]| statements.iter().filter(|sql| sql.contains("signing_keys")).count();

    let (_, statements) = shop.statements_of(flood()).await;
    assert_eq!(readings(&statements), 1);
    let (_, statements) = shop.statements_of(flood()).await;
    assert_eq!(readings(&statements), 0);

    // A minute later once because of its time, and once for the sake of the stranger's key.
    shop.advance(TimeDelta::minutes(1));
    let (_, statements) = shop.statements_of(flood()).await;
    assert_eq!(readings(&statements), 2);
    assert_eq!(ana.get("/api/auth/user/").await.status, 200);
}
