//! Limits of wrong codes: five per sign-in, twenty per hour.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{entries, mfa_token, sessions, set_up_authenticator, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

/// Wrong code, at every time.
const WRONG: &str = "no code";

#[actix_web::test]
async fn five_wrong_codes_invalidate_the_mfa_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    for _ in 0..5 {
        let wrong = verify(&shop, json!({"mfa_token": token, "code": WRONG})).await;
        assert_eq!(wrong.expect(400), json!({"code": ["This code is wrong or was used before."]}));
    }
    let right = verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await;

    assert_eq!(right.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(sessions(&shop), 1);
    assert_eq!(entries(&shop, "user.second_factor_refused"), 5);
    // The user can start a new sign-in.
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await.expect(200);
}

#[actix_web::test]
async fn wrong_recovery_codes_count_towards_the_limit() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    for name in ["code", "recovery_code", "code", "recovery_code", "code"] {
        verify(&shop, json!({"mfa_token": token, name: WRONG})).await.expect(400);
    }
    let right = verify(&shop, json!({"mfa_token": token, "recovery_code": authenticator.recovery_codes[0]})).await;

    assert_eq!(right.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(shop.number("select count(*) from recovery_codes where used_at is not null"), 0);
}

#[actix_web::test]
async fn fifty_concurrent_codes_share_five_attempts() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let tries = (0..50).map(|_| verify(&shop, json!({"mfa_token": token, "code": WRONG})));
    let responses = join_all(tries).await;

    let checked = responses.iter().filter(|response| response.status == 400).count();
    assert_eq!(checked, 5);
    assert_eq!(shop.number("select failures from sign_in_challenges"), 5);
}

#[actix_web::test]
async fn twenty_wrong_codes_within_an_hour_block_all_codes_of_the_user() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;

    for _ in 0..4 {
        let token = mfa_token(&shop, &ana).await;
        for _ in 0..5 {
            verify(&shop, json!({"mfa_token": token, "code": WRONG})).await.expect(400);
        }
    }
    let token = mfa_token(&shop, &ana).await;
    let right = verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await;
    assert_eq!(right.expect(429)["code"], "too_many_failures");
    assert_eq!(sessions(&shop), 1);

    shop.advance(TimeDelta::hours(1));
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": authenticator.next_code(&shop)})).await.expect(200);
}

#[actix_web::test]
async fn limit_of_wrong_codes_applies_to_signed_in_users() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let url = "/api/auth/mfa/recovery-codes/";

    for _ in 0..20 {
        ana.post(url, json!({"password": PASSWORD, "code": WRONG})).await.expect(400);
    }
    let right = ana.post(url, json!({"password": PASSWORD, "code": authenticator.next_code(&shop)})).await;

    assert_eq!(right.expect(429)["code"], "too_many_failures");
    assert_eq!(entries(&shop, "user.recovery_codes_renewed"), 0);
}
