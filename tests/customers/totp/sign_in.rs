//! Sign-in with a code of an authenticator app.

use chrono::TimeDelta;
use futures_util::future::join_all;
use mercer::customers::sessions::PurgeSessions;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{client_with_token, entries, log_in, mfa_token, sessions, set_up_authenticator, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

#[actix_web::test]
async fn login_with_a_second_factor_returns_no_tokens() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    set_up_authenticator(&shop, &ana).await;

    let pending = log_in(&shop, &ana).await.expect(200);

    let token = pending["mfa_token"].as_str().unwrap();
    assert_eq!(pending, json!({"mfa_required": true, "mfa_token": token, "methods": ["totp", "recovery_code"]}));
    assert_eq!(sessions(&shop), 1);
    assert_eq!(entries(&shop, "user.second_factor_asked"), 1);
    // Only the completed sign-in is recorded.
    assert_eq!(entries(&shop, "user.signed_in"), 1);
}

#[actix_web::test]
async fn token_endpoint_rejects_sign_in_with_mfa_required() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;

    for url in ["/api/auth/token/", "/api/token/"] {
        let body = json!({"email": ana.email, "password": PASSWORD});
        let rejected = shop.anonymous().post(url, body).await.expect(401);

        let token = rejected["mfa_token"].as_str().unwrap();
        assert_eq!(
            rejected,
            json!({
                "detail": "A second factor is required.", "code": "mfa_required",
                "mfa_token": token, "methods": ["totp", "recovery_code"],
            })
        );
        let finished =
            verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await.expect(200);
        assert!(finished["refresh"].is_string());
    }
}

#[actix_web::test]
async fn code_completes_the_sign_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let tokens = verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await.expect(200);

    let keys: Vec<_> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["access", "refresh", "user"]);
    assert_eq!(tokens["user"]["email"], "ana@example.com");
    assert_eq!(client_with_token(&shop, &tokens).get("/api/auth/user/").await.status, 200);
    assert_eq!(entries(&shop, "user.signed_in"), 2);
}

#[actix_web::test]
async fn code_is_accepted_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let (first, second) = (mfa_token(&shop, &ana).await, mfa_token(&shop, &ana).await);
    let code = authenticator.next_code(&shop);

    verify(&shop, json!({"mfa_token": first, "code": code})).await.expect(200);
    let replayed = verify(&shop, json!({"mfa_token": second, "code": code})).await;

    assert_eq!(replayed.expect(400), json!({"code": ["This code is wrong or was used before."]}));
    // An earlier code is rejected as well, although its time step is still accepted.
    let earlier = verify(&shop, json!({"mfa_token": second, "code": authenticator.code_at(&shop, -1)})).await;
    earlier.expect(400);
    assert_eq!(sessions(&shop), 2);
    verify(&shop, json!({"mfa_token": second, "code": authenticator.next_code(&shop)})).await.expect(200);
}

#[actix_web::test]
async fn code_of_the_adjacent_time_step_is_accepted() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    shop.advance(TimeDelta::minutes(10));
    let token = mfa_token(&shop, &ana).await;

    for steps in [-2, 2] {
        verify(&shop, json!({"mfa_token": token, "code": authenticator.code_at_step_start(&shop, steps)}))
            .await
            .expect(400);
    }
    verify(&shop, json!({"mfa_token": token, "code": authenticator.code_at_step_start(&shop, -1)})).await.expect(200);
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": authenticator.code_at_step_start(&shop, 1)})).await.expect(200);
}

#[actix_web::test]
async fn concurrent_use_of_a_code_signs_in_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let mut tokens = Vec::new();
    for _ in 0..10 {
        tokens.push(mfa_token(&shop, &ana).await);
    }
    let code = authenticator.next_code(&shop);

    // Each token twice, all with the same code.
    let bodies = tokens.iter().chain(&tokens).map(|token| json!({"mfa_token": token, "code": code}));
    let responses = join_all(bodies.map(|body| verify(&shop, body))).await;

    let successes = responses.iter().filter(|response| response.status == 200).count();
    assert_eq!(successes, 1, "{responses:?}");
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn mfa_token_opens_one_session_within_five_minutes() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let assert_expired = async |token: &str| {
        let response = verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await;
        assert_eq!(
            response.expect(401),
            json!({"detail": "This sign-in has expired. Sign in again.", "code": "mfa_token_not_valid"})
        );
    };

    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await.expect(200);
    assert_expired(&token).await;

    let token = mfa_token(&shop, &ana).await;
    shop.advance(TimeDelta::seconds(300));
    assert_expired(&token).await;
    assert_expired("unknown").await;
    assert_eq!(sessions(&shop), 2);

    PurgeSessions {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from sign_in_challenges"), 0);
}

#[actix_web::test]
async fn mfa_token_is_rejected_as_access_or_refresh_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let access = client_with_token(&shop, &json!({"access": token})).get("/api/auth/user/").await;
    assert_eq!(access.expect(401)["code"], "token_not_valid");
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": token})).await;
    assert_eq!(refresh.expect(401)["code"], "token_not_valid");
    // Other tokens are rejected as an mfa_token.
    for other in [ana.token.as_deref().unwrap(), &ana.refresh] {
        let response = verify(&shop, json!({"mfa_token": other, "code": authenticator.next_code(&shop)})).await;
        assert_eq!(response.expect(400), json!({"mfa_token": ["Ensure this field has no more than 100 characters."]}));
    }
}

#[actix_web::test]
async fn mfa_token_accepts_only_codes_of_its_user() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let (of_ana, of_ben) = (set_up_authenticator(&shop, &ana).await, set_up_authenticator(&shop, &ben).await);
    let token = mfa_token(&shop, &ana).await;

    verify(&shop, json!({"mfa_token": token, "code": of_ben.next_code(&shop)})).await.expect(400);
    let code = &of_ben.recovery_codes[0];
    verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await.expect(400);

    let tokens: Value = verify(&shop, json!({"mfa_token": token, "code": of_ana.code(&shop)})).await.expect(200);
    assert_eq!(tokens["user"]["email"], "ana@example.com");
}

#[actix_web::test]
async fn deactivated_user_cannot_complete_a_sign_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;
    shop.execute("update users set is_active = false");

    let response = verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await;

    assert_eq!(response.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(shop.number("select count(*) from sessions"), 1);
}

#[actix_web::test]
async fn wrong_password_does_not_reveal_a_second_factor() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    set_up_authenticator(&shop, &ana).await;

    let with = shop.anonymous().post("/api/auth/login/", json!({"email": ana.email, "password": "wrong"})).await;
    let without = shop.anonymous().post("/api/auth/login/", json!({"email": ben.email, "password": "wrong"})).await;

    assert_eq!(with.expect(400), without.expect(400));
    assert_eq!(shop.number("select count(*) from sign_in_challenges"), 0);
}
