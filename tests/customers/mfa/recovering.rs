//! Recovery codes, for when the telephone lies in the lake.

use futures_util::join;
use serde_json::{Value, json};

use super::{bearing, entries, mfa_token, sessions, telephone_of, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

const RENEW: &str = "/api/auth/mfa/recovery-codes/";

#[actix_web::test]
async fn a_recovery_code_finishes_a_sign_in_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let code = &telephone.recovery_codes[3];

    let token = mfa_token(&shop, &ana).await;
    let tokens = verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await.expect(200);
    let token = mfa_token(&shop, &ana).await;
    let again = verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await;

    let told = json!({"recovery_code": ["This recovery code is not right, or it was used before."]});
    assert_eq!(again.expect(400), told);
    let status = bearing(&shop, &tokens).get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status["recovery_codes_left"], 9);
    assert_eq!(entries(&shop, "user.recovery_code_used"), 1);
    shop.run_jobs().await;
    assert_eq!(shop.mails().len(), 2);
}

#[actix_web::test]
async fn a_recovery_code_is_read_however_it_is_typed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let typed = [
        telephone.recovery_codes[0].to_uppercase(),
        telephone.recovery_codes[1].replace('-', ""),
        telephone.recovery_codes[2].replace('-', " "),
    ];

    for code in typed {
        let token = mfa_token(&shop, &ana).await;
        verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await.expect(200);
    }
}

#[actix_web::test]
async fn of_two_with_one_recovery_code_at_once_one_signs_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;
    let (one, other) = (mfa_token(&shop, &ana).await, mfa_token(&shop, &ana).await);
    let body = |token: &str| json!({"mfa_token": token, "recovery_code": telephone.recovery_codes[0]});

    let (one, other) = join!(verify(&shop, body(&one)), verify(&shop, body(&other)));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn new_codes_take_the_place_of_the_old_ones() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;

    let body = json!({"password": PASSWORD, "code": telephone.next(&shop)});
    let renewed: Vec<String> =
        serde_json::from_value(ana.post(RENEW, body).await.expect(200)["recovery_codes"].clone()).unwrap();

    assert!(renewed.iter().all(|code| !telephone.recovery_codes.contains(code)));
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "recovery_code": telephone.recovery_codes[0]})).await.expect(400);
    verify(&shop, json!({"mfa_token": token, "recovery_code": renewed[0]})).await.expect(200);
}

#[actix_web::test]
async fn there_are_no_codes_without_a_factor() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let refused = ana.post(RENEW, json!({"password": PASSWORD})).await;

    assert_eq!(refused.expect(409)["code"], "not_active");
    assert_eq!(shop.number("select count(*) from recovery_codes"), 0);
}

#[actix_web::test]
async fn a_lost_telephone_is_taken_off_with_a_recovery_code() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;

    let body = json!({"password": PASSWORD, "recovery_code": telephone.recovery_codes[0]});
    ana.post("/api/auth/mfa/totp/deactivate/", body).await.expect(204);

    let status: Value = ana.get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status, json!({"totp": false, "passkeys": 0, "recovery_codes_left": 0, "required": false}));
}
