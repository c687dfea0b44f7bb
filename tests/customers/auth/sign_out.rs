//! Sign-out, blacklisting and verification of tokens.

use chrono::TimeDelta;
use mercer::customers::sessions::PurgeSessions;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{assert_not_valid, refresh};
use crate::support::shop::{PASSWORD, TestUser};
use crate::support::{TestResponse, TestShop};

async fn verify(shop: &TestShop, token: &str) -> TestResponse {
    let [url, alias] = ["/api/auth/token/verify/", "/api/token/verify/"];
    let response = shop.anonymous().post(url, json!({"token": token})).await;
    let same = shop.anonymous().post(alias, json!({"token": token})).await;
    assert_eq!((response.status, response.json()), (same.status, same.json()));
    response
}

fn live_sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions where revoked_at is null")
}

async fn assert_revoked(shop: &TestShop, ana: &TestUser, reason: &str) {
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
async fn logout_with_a_refresh_token_revokes_its_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let response = shop.anonymous().post("/api/auth/logout/", json!({"refresh": ana.refresh})).await;

    assert_eq!(response.expect(200), json!({"detail": "Successfully logged out."}));
    assert_revoked(&shop, &ana, "signed out").await;
}

#[actix_web::test]
async fn logout_with_an_access_token_revokes_its_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let response = ana.send(actix_web::http::Method::POST, "/api/auth/logout/", None).await;

    assert_eq!(response.expect(200), json!({"detail": "Successfully logged out."}));
    assert_revoked(&shop, &ana, "signed out").await;
}

#[actix_web::test]
async fn session_revoked_by_one_instance_is_rejected_by_another() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut other = shop.second_server().await;
    other.token = ana.token.clone();
    assert_eq!(other.get("/api/auth/user/").await.status, 200);

    ana.post("/api/auth/logout/", json!({})).await.expect(200);

    assert_eq!(other.get("/api/auth/user/").await.status, 401);
}

#[actix_web::test]
async fn logout_keeps_other_sessions() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({"email": ana.email, "password": PASSWORD});
    let phone = shop.anonymous().post("/api/auth/token/", body).await.expect(200);

    ana.post("/api/auth/logout/", json!({})).await.expect(200);

    assert_eq!(live_sessions(&shop), 1);
    assert_eq!(refresh(&shop, phone["refresh"].as_str().unwrap()).await.status, 200);
}

#[actix_web::test]
async fn repeated_logout_succeeds() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = "/api/auth/logout/";

    for _ in 0..2 {
        shop.anonymous().post(url, json!({"refresh": ana.refresh})).await.expect(200);
    }

    assert_revoked(&shop, &ana, "signed out").await;
}

#[actix_web::test]
async fn logout_requires_a_valid_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = "/api/auth/logout/";

    let anonymous = shop.anonymous().post(url, json!({})).await;
    assert_eq!(anonymous.expect(401)["code"], "not_authenticated");
    let garbage = shop.anonymous().post(url, json!({"refresh": "x.y.z"})).await;
    assert_not_valid(&garbage);
    // An access token is not accepted as a refresh token, although its session is the same.
    let access = json!({"refresh": ana.token});
    assert_not_valid(&shop.anonymous().post(url, access).await);

    assert_eq!(live_sessions(&shop), 1);
}

#[actix_web::test]
async fn blacklisting_a_token_revokes_its_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let url = "/api/auth/token/blacklist/";
    let response = shop.anonymous().post(url, json!({"refresh": ana.refresh})).await;

    assert_eq!(response.expect(200), json!({}));
    assert_revoked(&shop, &ana, "blacklisted").await;
    let rejected = shop.anonymous().post(url, json!({"refresh": "x"})).await;
    assert_not_valid(&rejected);
}

#[actix_web::test]
async fn valid_access_and_refresh_tokens_are_verified() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    assert_eq!(verify(&shop, ana.token.as_deref().unwrap()).await.expect(200), json!({}));
    assert_eq!(verify(&shop, &ana.refresh).await.expect(200), json!({}));
}

#[actix_web::test]
async fn malformed_and_expired_tokens_are_not_verified() {
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
async fn purge_deletes_sessions_30_days_after_they_expired() {
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
