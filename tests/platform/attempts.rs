//! Limits for failed password checks, per account and address.

use chrono::TimeDelta;
use futures_util::future::join_all;
use mercer::platform::attempts::PurgeAttempts;
use mercer::platform::jobs::Job;
use serde_json::json;

use crate::support::redis::RedisServer;
use crate::support::shop::PASSWORD;
use crate::support::{Client, TestResponse, TestShop};

/// Five failures from one address, eight from all unknown addresses. The limit of each address is not reached.
const SETTINGS: [(&str, &str); 4] = [
    ("THROTTLING", "on"),
    ("THROTTLE_LOGIN", "1000/s"),
    ("THROTTLE_ATTEMPTS", "1/m:5"),
    ("THROTTLE_ACCOUNT", "20/h:8"),
];

/// Creates a shop in which Ana has signed in once, at 127.0.0.1.
async fn shop() -> TestShop {
    let shop = TestShop::with_settings(&SETTINGS).await;
    shop.customer("ana").await;
    shop
}

async fn try_at(client: &Client, email: &str, password: &str) -> TestResponse {
    client.post("/api/auth/token/", json!({"email": email, "password": password})).await
}

async fn try_wrong(client: &Client) -> u16 {
    try_at(client, "ana@example.com", "wrong").await.status.as_u16()
}

async fn try_correct(client: &Client) -> u16 {
    try_at(client, "ana@example.com", PASSWORD).await.status.as_u16()
}

async fn try_wrong_times(client: &Client, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(try_wrong(client).await);
    }
    statuses
}

#[actix_web::test]
async fn correct_password_is_throttled_after_five_wrong_ones() {
    let shop = shop().await;
    shop.customer("ben").await;
    let client = shop.anonymous();
    let sessions = shop.number("select count(*) from sessions");

    assert_eq!(try_wrong_times(&client, 6).await, [401, 401, 401, 401, 401, 429]);
    let rejected = try_at(&client, "ana@example.com", PASSWORD).await;

    let wait: u64 = rejected.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let detail = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(rejected.expect(429), json!({"detail": detail, "code": "throttled"}));
    assert_eq!(shop.number("select count(*) from sessions"), sessions);
    // login/ and token/ share the limit; other accounts have separate limits.
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    client.post("/api/auth/login/", body).await.expect(429);
    assert_eq!(try_at(&client, "ben@example.com", PASSWORD).await.status, 200);

    shop.advance(TimeDelta::seconds(61));
    assert_eq!(try_correct(&client).await, 200);
}

#[actix_web::test]
async fn password_checks_in_a_session_share_one_limit() {
    let shop = shop().await;
    let ana = shop.customer("nia").await;
    let change =
        |old: &str| json!({"old_password": old, "new_password1": "battery staple", "new_password2": "battery staple"});
    let password_checks = [
        ("/api/auth/password/change/", change("wrong")),
        ("/api/auth/email/change/", json!({"new_email": "new@example.com", "password": "wrong"})),
        ("/api/customers/me/delete/", json!({"password": "wrong"})),
    ];

    let mut statuses = Vec::new();
    for (url, body) in password_checks.iter().cycle().take(6) {
        statuses.push(ana.post(url, body.clone()).await.status.as_u16());
    }

    assert_eq!(statuses, [400, 400, 400, 400, 400, 429], "all password checks share one limit");
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.password_refused'"), 5);
    ana.post("/api/auth/password/change/", change(PASSWORD)).await.expect(429);
    shop.advance(TimeDelta::seconds(61));
    ana.post("/api/auth/password/change/", change(PASSWORD)).await.expect(200);
}

#[actix_web::test]
async fn concurrent_attempts_are_limited() {
    let shop = shop().await;
    let client = shop.anonymous();

    let statuses = join_all((0..20).map(|_| try_wrong(&client))).await;

    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 15, "{statuses:?}");
}

#[actix_web::test]
async fn unknown_account_is_limited_like_an_existing_one() {
    let shop = shop().await;
    let client = shop.anonymous().at("192.0.2.1");
    let mut responses = Vec::new();
    for email in ["ana@example.com", "nobody@example.com", "no address at all"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(try_at(&client, email, "wrong").await.status.as_u16());
        }
        responses.push(statuses);
    }
    assert_eq!(responses[0], [401, 401, 401, 401, 401, 429]);
    assert!(responses.iter().all(|statuses| *statuses == responses[0]), "{responses:?}");
    assert_eq!(shop.number("select count(*) from attempts where encode(key, 'escape') like '%example%'"), 0);
}

#[actix_web::test]
async fn address_and_spelling_variants_share_one_limit() {
    let shop = shop().await;
    for (index, spelling) in ["ANA@example.com", " ana@EXAMPLE.com ", "Ana@Example.Com"].into_iter().enumerate() {
        let forged =
            shop.anonymous().at("2001:db8:1:2::1").with_header("x-forwarded-for", &format!("203.0.113.{index}"));
        assert_eq!(try_at(&forged, spelling, "wrong").await.status, 401);
    }
    for (host, status) in [("2001:db8:1:2::2", 401), ("2001:db8:1:2:ffff::9", 401), ("2001:db8:1:2:1::", 429)] {
        assert_eq!(try_wrong(&shop.anonymous().at(host)).await, status, "{host}");
    }
    // An address with a dot is a different account.
    assert_eq!(try_at(&shop.anonymous().at("2001:db8:1:2::1"), "a.na@example.com", "wrong").await.status, 401);
}

#[actix_web::test]
async fn attacker_with_many_addresses_cannot_lock_out_the_owner() {
    let shop = shop().await;
    let from = |number: usize| shop.anonymous().at(&format!("198.51.100.{number}"));

    let mut statuses = Vec::new();
    for number in 0..10 {
        statuses.push(try_wrong(&from(number)).await);
    }

    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 401, 401, 429, 429]);
    // The owner can sign in from a known address, but not from an unknown one.
    assert_eq!(try_correct(&shop.anonymous()).await, 200);
    assert_eq!(try_correct(&from(77)).await, 429);
    shop.advance(TimeDelta::minutes(4));
    assert_eq!(try_correct(&from(77)).await, 200);
    // The address is known from now on, and the successful attempt was restored once.
    assert_eq!([try_wrong(&from(1)).await, try_wrong(&from(2)).await], [401, 429]);
    assert_eq!(try_correct(&from(77)).await, 200);
}

#[actix_web::test]
async fn correct_passwords_are_not_counted() {
    let shop = shop().await;
    for address in ["127.0.0.1", "192.0.2.9"] {
        for _ in 0..12 {
            assert_eq!(try_correct(&shop.anonymous().at(address)).await, 200);
        }
    }
    let client = shop.anonymous();
    assert_eq!(try_wrong_times(&client, 4).await, [401; 4]);
    assert_eq!(try_correct(&client).await, 200);
    assert_eq!(try_wrong_times(&client, 2).await, [401, 429]);
}

#[actix_web::test]
async fn attempts_survive_restarts_and_are_shared_by_instances() {
    let shop = shop().await;
    assert_eq!(try_wrong_times(&shop.anonymous(), 3).await, [401; 3]);

    let other = shop.second_process_with(&SETTINGS).await;

    assert_eq!(try_wrong_times(&other, 3).await, [401, 401, 429]);
    assert_eq!(try_wrong(&shop.anonymous()).await, 429);
}

#[actix_web::test]
async fn attempts_do_not_depend_on_redis() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    let settings: Vec<_> = SETTINGS.into_iter().chain([("REDIS_URL", url.as_str())]).collect();
    let shop = TestShop::with_settings(&settings).await;
    shop.customer("ana").await;
    assert_eq!(try_wrong_times(&shop.anonymous(), 3).await, [401; 3]);

    redis.kill();

    assert_eq!(try_wrong_times(&shop.anonymous(), 3).await, [401, 401, 429]);
}

#[actix_web::test]
async fn throttled_attempts_are_recorded_once() {
    let shop = shop().await;
    try_wrong_times(&shop.anonymous(), 12).await;

    let entries = |action: &str| shop.number(&format!("select count(*) from audit_entries where action = '{action}'"));
    assert_eq!(entries("user.sign_in_failed"), 5);
    assert_eq!(entries("attempt.throttled"), 1);
}

#[actix_web::test]
async fn purge_job_deletes_expired_attempts() {
    let shop = shop().await;
    try_wrong_times(&shop.anonymous().at("192.0.2.1"), 2).await;
    assert_eq!(shop.number("select count(*) from attempts"), 4);

    shop.advance(TimeDelta::hours(2));
    PurgeAttempts {}.run(&shop.app).await.unwrap();

    // The known address 127.0.0.1 of Ana.
    assert_eq!(shop.number("select count(*) from attempts"), 1);
    shop.advance(TimeDelta::days(91));
    PurgeAttempts {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from attempts"), 0);
}
