//! Signing in with a second factor: password first, then a code.

use chrono::TimeDelta;
use futures_util::future::join_all;
use mercer::customers::auth::PurgeSessions;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{bearing, entries, log_in, mfa_token, sessions, telephone_of, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

#[actix_web::test]
async fn the_password_alone_gives_no_tokens() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    telephone_of(&shop, &ana).await;

    let waiting = log_in(&shop, &ana).await.expect(200);

    let token = waiting["mfa_token"].as_str().unwrap();
    assert_eq!(waiting, json!({"mfa_required": true, "mfa_token": token, "methods": ["totp", "recovery_code"]}));
    assert_eq!(sessions(&shop), 1);
    assert_eq!(entries(&shop, "user.second_factor_asked"), 1);
    // The last sign-in is the one that was finished.
    assert_eq!(entries(&shop, "user.signed_in"), 1);
}

#[actix_web::test]
async fn simplejwts_clients_hear_a_refusal_that_names_the_way_on() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;

    for url in ["/api/auth/token/", "/api/token/"] {
        let body = json!({"email": ana.email, "password": PASSWORD});
        let refused = shop.anonymous().post(url, body).await.expect(401);

        let token = refused["mfa_token"].as_str().unwrap();
        assert_eq!(
            refused,
            json!({
                "detail": "A second factor is required.", "code": "mfa_required",
                "mfa_token": token, "methods": ["totp", "recovery_code"],
            })
        );
        let finished = verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await.expect(200);
        assert!(finished["refresh"].is_string());
    }
}

#[actix_web::test]
async fn a_code_finishes_the_sign_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let tokens = verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await.expect(200);

    let keys: Vec<_> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["access", "refresh", "user"]);
    assert_eq!(tokens["user"]["email"], "ana@example.com");
    assert_eq!(bearing(&shop, &tokens).get("/api/auth/user/").await.status, 200);
    assert_eq!(entries(&shop, "user.signed_in"), 2);
}

#[actix_web::test]
async fn a_code_is_good_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let (one, other) = (mfa_token(&shop, &ana).await, mfa_token(&shop, &ana).await);
    let code = telephone.next(&shop);

    verify(&shop, json!({"mfa_token": one, "code": code})).await.expect(200);
    let replayed = verify(&shop, json!({"mfa_token": other, "code": code})).await;

    assert_eq!(replayed.expect(400), json!({"code": ["This code is not right, or it was used before."]}));
    // One from before is no better, though its time is not quite over.
    let earlier = verify(&shop, json!({"mfa_token": other, "code": telephone.shows_at(&shop, -1)})).await;
    earlier.expect(400);
    assert_eq!(sessions(&shop), 2);
    verify(&shop, json!({"mfa_token": other, "code": telephone.next(&shop)})).await.expect(200);
}

#[actix_web::test]
async fn a_clock_may_be_thirty_seconds_wrong_and_no_more() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    shop.advance(TimeDelta::minutes(10));
    let token = mfa_token(&shop, &ana).await;

    for steps in [-2, 2] {
        verify(&shop, json!({"mfa_token": token, "code": telephone.shows_in_time(&shop, steps)})).await.expect(400);
    }
    verify(&shop, json!({"mfa_token": token, "code": telephone.shows_in_time(&shop, -1)})).await.expect(200);
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": telephone.shows_in_time(&shop, 1)})).await.expect(200);
}

#[actix_web::test]
async fn of_twenty_with_one_code_at_once_one_signs_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let mut tokens = Vec::new();
    for _ in 0..10 {
        tokens.push(mfa_token(&shop, &ana).await);
    }
    let code = telephone.next(&shop);

    // Each sign-in twice, all with the same code.
    let bodies = tokens.iter().chain(&tokens).map(|token| json!({"mfa_token": token, "code": code}));
    let answers = join_all(bodies.map(|body| verify(&shop, body))).await;

    let let_in = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(let_in, 1, "{answers:?}");
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn a_token_opens_one_session_within_five_minutes() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let assert_over = async |token: &str| {
        let answer = verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await;
        assert_eq!(
            answer.expect(401),
            json!({"detail": "This sign-in is over. Sign in again.", "code": "mfa_token_not_valid"})
        );
    };

    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await.expect(200);
    assert_over(&token).await;

    let token = mfa_token(&shop, &ana).await;
    shop.advance(TimeDelta::seconds(300));
    assert_over(&token).await;
    assert_over("made-up").await;
    assert_eq!(sessions(&shop), 2);

    PurgeSessions {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from sign_in_challenges"), 0);
}

#[actix_web::test]
async fn the_token_of_a_sign_in_is_no_other_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let access = bearing(&shop, &json!({"access": token})).get("/api/auth/user/").await;
    assert_eq!(access.expect(401)["code"], "token_not_valid");
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": token})).await;
    assert_eq!(refresh.expect(401)["code"], "token_not_valid");
    // Nor is any other token one.
    for other in [ana.token.as_deref().unwrap(), &ana.refresh] {
        let answer = verify(&shop, json!({"mfa_token": other, "code": telephone.next(&shop)})).await;
        assert_eq!(answer.expect(400), json!({"mfa_token": ["Ensure this field has no more than 100 characters."]}));
    }
}

#[actix_web::test]
async fn a_token_is_bound_to_its_user() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let (of_ana, of_ben) = (telephone_of(&shop, &ana).await, telephone_of(&shop, &ben).await);
    let token = mfa_token(&shop, &ana).await;

    verify(&shop, json!({"mfa_token": token, "code": of_ben.next(&shop)})).await.expect(400);
    let code = &of_ben.recovery_codes[0];
    verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await.expect(400);

    let tokens: Value = verify(&shop, json!({"mfa_token": token, "code": of_ana.shows(&shop)})).await.expect(200);
    assert_eq!(tokens["user"]["email"], "ana@example.com");
}

#[actix_web::test]
async fn whoever_is_switched_off_meanwhile_is_not_let_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;
    shop.execute("update users set is_active = false");

    let answer = verify(&shop, json!({"mfa_token": token, "code": telephone.next(&shop)})).await;

    assert_eq!(answer.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(shop.number("select count(*) from sessions"), 1);
}

#[actix_web::test]
async fn a_wrong_password_does_not_tell_of_second_factors() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    telephone_of(&shop, &ana).await;

    let with = shop.anonymous().post("/api/auth/login/", json!({"email": ana.email, "password": "wrong"})).await;
    let without = shop.anonymous().post("/api/auth/login/", json!({"email": ben.email, "password": "wrong"})).await;

    assert_eq!(with.expect(400), without.expect(400));
    assert_eq!(shop.number("select count(*) from sign_in_challenges"), 0);
}
