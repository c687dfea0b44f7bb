//! How often codes may be tried: five times in a sign-in, twenty times in an hour.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{entries, mfa_token, sessions, telephone_of, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

/// No code of any time near.
const WRONG: &str = "no code";

#[actix_web::test]
async fn five_wrong_codes_end_the_sign_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    for _ in 0..5 {
        let wrong = verify(&shop, json!({"mfa_token": token, "code": WRONG})).await;
        assert_eq!(wrong.expect(400), json!({"code": ["This code is not right, or it was used before."]}));
    }
    let right = verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await;

    assert_eq!(right.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(sessions(&shop), 1);
    assert_eq!(entries(&shop, "user.second_factor_refused"), 5);
    // The owner begins anew.
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await.expect(200);
}

#[actix_web::test]
async fn recovery_codes_count_among_the_five() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    for name in ["code", "recovery_code", "code", "recovery_code", "code"] {
        verify(&shop, json!({"mfa_token": token, name: WRONG})).await.expect(400);
    }
    let right = verify(&shop, json!({"mfa_token": token, "recovery_code": telephone.recovery_codes[0]})).await;

    assert_eq!(right.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(shop.number("select count(*) from recovery_codes where used_at is not null"), 0);
}

#[actix_web::test]
async fn fifty_at_once_have_five_tries_together() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let tries = (0..50).map(|_| verify(&shop, json!({"mfa_token": token, "code": WRONG})));
    let answers = join_all(tries).await;

    let looked_at = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!(looked_at, 5);
    assert_eq!(shop.number("select failures from sign_in_challenges"), 5);
}

#[actix_web::test]
async fn twenty_wrong_codes_in_an_hour_are_enough_however_often_somebody_signs_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;

    for _ in 0..4 {
        let token = mfa_token(&shop, &ana).await;
        for _ in 0..5 {
            verify(&shop, json!({"mfa_token": token, "code": WRONG})).await.expect(400);
        }
    }
    let token = mfa_token(&shop, &ana).await;
    let right = verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await;
    assert_eq!(right.expect(429)["code"], "too_many_failures");
    assert_eq!(sessions(&shop), 1);

    shop.advance(TimeDelta::hours(1));
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await.expect(200);
}

#[actix_web::test]
async fn somebody_at_an_open_screen_cannot_try_on_either() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let url = "/api/auth/mfa/recovery-codes/";

    for _ in 0..20 {
        ana.post(url, json!({"password": PASSWORD, "code": WRONG})).await.expect(400);
    }
    let right = ana.post(url, json!({"password": PASSWORD, "code": telephone.next(&shop)})).await;

    assert_eq!(right.expect(429)["code"], "too_many_failures");
    assert_eq!(entries(&shop, "user.recovery_codes_renewed"), 0);
}
