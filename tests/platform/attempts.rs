//! How often one account's password may be tried, from where, and who stands beside it unharmed.

use chrono::TimeDelta;
use futures_util::future::join_all;
use mercer::platform::attempts::PurgeAttempts;
use mercer::platform::jobs::Job;
use serde_json::json;

use crate::support::redis::RedisServer;
use crate::support::shop::PASSWORD;
use crate::support::{Client, TestResponse, TestShop};

/// Five wrong ones from one address, eight from all that the account does not know; addresses are not counted.
const SETTINGS: [(&str, &str); 4] = [
    ("THROTTLING", "on"),
    ("THROTTLE_LOGIN", "1000/s"),
    ("THROTTLE_ATTEMPTS", "1/m:5"),
    ("THROTTLE_ACCOUNT", "20/h:8"),
];

/// Ana signed in once, at 127.0.0.1.
async fn shop() -> TestShop {
    let shop = TestShop::with_settings(&SETTINGS).await;
    shop.customer("ana").await;
    shop
}

async fn try_at(client: &Client, email: &str, password: &str) -> TestResponse {
    client.post("/api/auth/token/", json!({"email": email, "password": password})).await
}

async fn wrong(client: &Client) -> u16 {
    try_at(client, "ana@example.com", "wrong").await.status.as_u16()
}

async fn right(client: &Client) -> u16 {
    try_at(client, "ana@example.com", PASSWORD).await.status.as_u16()
}

async fn many_wrong(client: &Client, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(wrong(client).await);
    }
    statuses
}

#[actix_web::test]
async fn five_wrong_passwords_from_one_address_and_the_right_one_waits_too() {
    let shop = shop().await;
    shop.customer("ben").await;
    let somebody = shop.anonymous();
    let sessions = shop.number("select count(*) from sessions");

    assert_eq!(many_wrong(&somebody, 6).await, [401, 401, 401, 401, 401, 429]);
    let refused = try_at(&somebody, "ana@example.com", PASSWORD).await;

    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let detail = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(refused.expect(429), json!({"detail": detail, "code": "throttled"}));
    assert_eq!(shop.number("select count(*) from sessions"), sessions);
    // login/ and token/ are one lock, and nobody else's.
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    somebody.post("/api/auth/login/", body).await.expect(429);
    assert_eq!(try_at(&somebody, "ben@example.com", PASSWORD).await.status, 200);

    shop.advance(TimeDelta::seconds(61));
    assert_eq!(right(&somebody).await, 200);
}

#[actix_web::test]
async fn an_open_session_has_no_more_tries_at_the_password() {
    let shop = shop().await;
    let ana = shop.customer("nia").await;
    let change =
        |old: &str| json!({"old_password": old, "new_password1": "battery staple", "new_password2": "battery staple"});
    let doors = [
        ("/api/auth/password/change/", change("wrong")),
        ("/api/auth/email/change/", json!({"new_email": "new@example.com", "password": "wrong"})),
        ("/api/customers/me/delete/", json!({"password": "wrong"})),
    ];

    let mut statuses = Vec::new();
    for (url, body) in doors.iter().cycle().take(6) {
        statuses.push(ana.post(url, body.clone()).await.status.as_u16());
    }

    assert_eq!(statuses, [400, 400, 400, 400, 400, 429], "the doors count together");
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.password_refused'"), 5);
    ana.post("/api/auth/password/change/", change(PASSWORD)).await.expect(429);
    shop.advance(TimeDelta::seconds(61));
    ana.post("/api/auth/password/change/", change(PASSWORD)).await.expect(200);
}

#[actix_web::test]
async fn of_twenty_guesses_at_once_five_are_looked_at() {
    let shop = shop().await;
    let somebody = shop.anonymous();

    let statuses = join_all((0..20).map(|_| wrong(&somebody))).await;

    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 15, "{statuses:?}");
}

#[actix_web::test]
async fn an_account_that_is_not_there_is_counted_like_one_that_is() {
    let shop = shop().await;
    let somebody = shop.anonymous().at("192.0.2.1");
    let mut answers = Vec::new();
    for email in ["ana@example.com", "nobody@example.com", "no address at all"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(try_at(&somebody, email, "wrong").await.status.as_u16());
        }
        answers.push(statuses);
    }
    assert_eq!(answers[0], [401, 401, 401, 401, 401, 429]);
    assert!(answers.iter().all(|statuses| *statuses == answers[0]), "{answers:?}");
    assert_eq!(shop.number("select count(*) from attempts where encode(key, 'escape') like '%example%'"), 0);
}

#[actix_web::test]
async fn no_trick_with_addresses_or_spelling_makes_another_account_of_it() {
    let shop = shop().await;
    for (turn, spelled) in ["ANA@example.com", " ana@EXAMPLE.com ", "Ana@Example.Com"].into_iter().enumerate() {
        let forged =
            shop.anonymous().at("2001:db8:1:2::1").with_header("x-forwarded-for", &format!("203.0.113.{turn}"));
        assert_eq!(try_at(&forged, spelled, "wrong").await.status, 401);
    }
    for (host, status) in [("2001:db8:1:2::2", 401), ("2001:db8:1:2:ffff::9", 401), ("2001:db8:1:2:1::", 429)] {
        assert_eq!(wrong(&shop.anonymous().at(host)).await, status, "{host}");
    }
    // A dot makes another mailbox: who has it is not for us to say.
    assert_eq!(try_at(&shop.anonymous().at("2001:db8:1:2::1"), "a.na@example.com", "wrong").await.status, 401);
}

#[actix_web::test]
async fn a_stranger_with_many_addresses_does_not_lock_the_owner_out() {
    let shop = shop().await;
    let from = |number: usize| shop.anonymous().at(&format!("198.51.100.{number}"));

    let mut statuses = Vec::new();
    for number in 0..10 {
        statuses.push(wrong(&from(number)).await);
    }

    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 401, 401, 429, 429]);
    // The owner, where they signed in before; elsewhere they wait like everybody.
    assert_eq!(right(&shop.anonymous()).await, 200);
    assert_eq!(right(&from(77)).await, 429);
    shop.advance(TimeDelta::minutes(4));
    assert_eq!(right(&from(77)).await, 200);
    // From now on that address is known, too. What its owner took there was given back, once.
    assert_eq!([wrong(&from(1)).await, wrong(&from(2)).await], [401, 429]);
    assert_eq!(right(&from(77)).await, 200);
}

#[actix_web::test]
async fn the_right_password_counts_for_nothing_however_often_it_comes() {
    let shop = shop().await;
    for place in ["127.0.0.1", "192.0.2.9"] {
        for _ in 0..12 {
            assert_eq!(right(&shop.anonymous().at(place)).await, 200);
        }
    }
    let client = shop.anonymous();
    assert_eq!(many_wrong(&client, 4).await, [401; 4]);
    assert_eq!(right(&client).await, 200);
    assert_eq!(many_wrong(&client, 2).await, [401, 429]);
}

#[actix_web::test]
async fn a_restart_forgets_nothing_and_instances_count_together() {
    let shop = shop().await;
    assert_eq!(many_wrong(&shop.anonymous(), 3).await, [401; 3]);

    let other = shop.another_program_with(&SETTINGS).await;

    assert_eq!(many_wrong(&other, 3).await, [401, 401, 429]);
    assert_eq!(wrong(&shop.anonymous()).await, 429);
}

#[actix_web::test]
async fn accounts_are_counted_without_redis_as_with_it() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    let settings: Vec<_> = SETTINGS.into_iter().chain([("REDIS_URL", url.as_str())]).collect();
    let shop = TestShop::with_settings(&settings).await;
    shop.customer("ana").await;
    assert_eq!(many_wrong(&shop.anonymous(), 3).await, [401; 3]);

    redis.kill();

    assert_eq!(many_wrong(&shop.anonymous(), 3).await, [401, 401, 429]);
}

#[actix_web::test]
async fn throttled_attempts_are_written_down_once() {
    let shop = shop().await;
    many_wrong(&shop.anonymous(), 12).await;

    let entries = |action: &str| shop.number(&format!("select count(*) from audit_entries where action = '{action}'"));
    assert_eq!(entries("user.sign_in_failed"), 5);
    assert_eq!(entries("attempt.throttled"), 1);
}

#[actix_web::test]
async fn what_counts_no_more_is_forgotten() {
    let shop = shop().await;
    many_wrong(&shop.anonymous().at("192.0.2.1"), 2).await;
    assert_eq!(shop.number("select count(*) from attempts"), 4);

    shop.advance(TimeDelta::hours(2));
    PurgeAttempts {}.run(&shop.app).await.unwrap();

    // That Ana was at 127.0.0.1.
    assert_eq!(shop.number("select count(*) from attempts"), 1);
    shop.advance(TimeDelta::days(91));
    PurgeAttempts {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from attempts"), 0);
}
