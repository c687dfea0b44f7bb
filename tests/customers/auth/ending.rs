//! The end of a session, and who is told that a token is still good.

use chrono::TimeDelta;
use mercer::customers::auth::PurgeSessions;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{assert_not_valid, refresh};
use crate::support::shop::{PASSWORD, Person};
use crate::support::{TestResponse, TestShop};

async fn verify(shop: &TestShop, token: &str) -> TestResponse {
    let [one, alias] = ["/api/auth/token/verify/", "/api/token/verify/"];
    let answer = shop.anonymous().post(one, json!({"token": token})).await;
    let same = shop.anonymous().post(alias, json!({"token": token})).await;
    assert_eq!((answer.status, answer.json()), (same.status, same.json()));
    answer
}

fn live_sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions where revoked_at is null")
}

async fn assert_ended(shop: &TestShop, ana: &Person, reason: &str) {
    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
    assert_not_valid(&refresh(shop, &ana.refresh).await);
    assert_not_valid(&verify(shop, &ana.refresh).await);
    assert_not_valid(&verify(shop, ana.token.as_deref().unwrap()).await);
    let entries = format!(
        "select count(*) from audit_entries where action = 'session.ended' and changes#>>'{{reason,after}}' = '{reason}'"
    );
    assert_eq!(shop.number(&entries), 1);
}

#[actix_web::test]
async fn signing_out_with_the_refresh_token_ends_its_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let answer = shop.anonymous().post("/api/auth/logout/", json!({"refresh": ana.refresh})).await;

    assert_eq!(answer.expect(200), json!({"detail": "Successfully logged out."}));
    assert_ended(&shop, &ana, "signed out").await;
}

#[actix_web::test]
async fn signing_out_with_the_access_token_alone_ends_its_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let answer = ana.send(actix_web::http::Method::POST, "/api/auth/logout/", None).await;

    assert_eq!(answer.expect(200), json!({"detail": "Successfully logged out."}));
    assert_ended(&shop, &ana, "signed out").await;
}

#[actix_web::test]
async fn a_session_that_ended_here_has_ended_in_every_instance() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut elsewhere = shop.another_instance().await;
    elsewhere.token = ana.token.clone();
    assert_eq!(elsewhere.get("/api/auth/user/").await.status, 200);

    ana.post("/api/auth/logout/", json!({})).await.expect(200);

    assert_eq!(elsewhere.get("/api/auth/user/").await.status, 401);
}

#[actix_web::test]
async fn signing_out_leaves_the_other_sessions() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({"email": ana.email, "password": PASSWORD});
    let phone = shop.anonymous().post("/api/auth/token/", body).await.expect(200);

    ana.post("/api/auth/logout/", json!({})).await.expect(200);

    assert_eq!(live_sessions(&shop), 1);
    assert_eq!(refresh(&shop, phone["refresh"].as_str().unwrap()).await.status, 200);
}

#[actix_web::test]
async fn signing_out_twice_is_no_error() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = "/api/auth/logout/";

    for _ in 0..2 {
        shop.anonymous().post(url, json!({"refresh": ana.refresh})).await.expect(200);
    }

    assert_ended(&shop, &ana, "signed out").await;
}

#[actix_web::test]
async fn nobody_cannot_sign_out() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = "/api/auth/logout/";

    let nobody = shop.anonymous().post(url, json!({})).await;
    assert_eq!(nobody.expect(401)["code"], "not_authenticated");
    let garbage = shop.anonymous().post(url, json!({"refresh": "x.y.z"})).await;
    assert_not_valid(&garbage);
    // An access token is no refresh token, though its session is the same.
    let access = json!({"refresh": ana.token});
    assert_not_valid(&shop.anonymous().post(url, access).await);

    assert_eq!(live_sessions(&shop), 1);
}

#[actix_web::test]
async fn a_blacklisted_token_ends_its_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let url = "/api/auth/token/blacklist/";
    let answer = shop.anonymous().post(url, json!({"refresh": ana.refresh})).await;

    assert_eq!(answer.expect(200), json!({}));
    assert_ended(&shop, &ana, "blacklisted").await;
    let refused = shop.anonymous().post(url, json!({"refresh": "x"})).await;
    assert_not_valid(&refused);
}

#[actix_web::test]
async fn good_tokens_of_both_types_are_verified() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    assert_eq!(verify(&shop, ana.token.as_deref().unwrap()).await.expect(200), json!({}));
    assert_eq!(verify(&shop, &ana.refresh).await.expect(200), json!({}));
}

#[actix_web::test]
async fn garbage_and_expired_tokens_are_not_verified() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for garbage in ["", "x", "a.b.c"] {
        assert_not_valid(&verify(&shop, garbage).await);
    }
    let missing = shop.anonymous().post("/api/auth/token/verify/", json!({})).await;
    assert_eq!(missing.expect(400), json!({"token": ["This field is required."]}));

    shop.advance(TimeDelta::seconds(301));
    assert_not_valid(&verify(&shop, ana.token.as_deref().unwrap()).await);
    assert_eq!(verify(&shop, &ana.refresh).await.status, 200);
}

#[actix_web::test]
async fn sessions_are_forgotten_a_month_after_they_expired() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    let sessions = || shop.number("select count(*) from sessions");

    shop.advance(TimeDelta::days(60) - TimeDelta::seconds(60));
    PurgeSessions {}.run(&shop.app).await.unwrap();
    assert_eq!(sessions(), 1);

    shop.advance(TimeDelta::seconds(120));
    let ben = shop.customer("ben").await;
    PurgeSessions {}.run(&shop.app).await.unwrap();
    assert_eq!(sessions(), 1);
    assert_eq!(ben.get("/api/auth/user/").await.expect(200)["pk"], Value::from(ben.user.to_string()));
}
