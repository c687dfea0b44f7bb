//! Recovery codes.

use futures_util::join;
use serde_json::{Value, json};

use super::{client_with_token, entries, mfa_token, sessions, set_up_authenticator, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

const RENEW: &str = "/api/auth/mfa/recovery-codes/";

#[actix_web::test]
async fn recovery_code_completes_a_sign_in_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let code = &authenticator.recovery_codes[3];

    let token = mfa_token(&shop, &ana).await;
    let tokens = verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await.expect(200);
    let token = mfa_token(&shop, &ana).await;
    let again = verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await;

    let expected = json!({"recovery_code": ["This recovery code is wrong or was used before."]});
    assert_eq!(again.expect(400), expected);
    let status = client_with_token(&shop, &tokens).get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status["recovery_codes_left"], 9);
    assert_eq!(entries(&shop, "user.recovery_code_used"), 1);
    shop.run_jobs().await;
    assert_eq!(shop.mails().len(), 2);
}

#[actix_web::test]
async fn recovery_code_is_accepted_in_any_case_and_grouping() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let typed = [
        authenticator.recovery_codes[0].to_uppercase(),
        authenticator.recovery_codes[1].replace('-', ""),
        authenticator.recovery_codes[2].replace('-', " "),
    ];

    for code in typed {
        let token = mfa_token(&shop, &ana).await;
        verify(&shop, json!({"mfa_token": token, "recovery_code": code})).await.expect(200);
    }
}

#[actix_web::test]
async fn concurrent_use_of_a_recovery_code_signs_in_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let (first, second) = (mfa_token(&shop, &ana).await, mfa_token(&shop, &ana).await);
    let body = |token: &str| json!({"mfa_token": token, "recovery_code": authenticator.recovery_codes[0]});

    let (first, second) = join!(verify(&shop, body(&first)), verify(&shop, body(&second)));

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn renewed_recovery_codes_replace_the_old_ones() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;

    let body = json!({"password": PASSWORD, "code": authenticator.next_code(&shop)});
    let renewed: Vec<String> =
        serde_json::from_value(ana.post(RENEW, body).await.expect(200)["recovery_codes"].clone()).unwrap();

    assert!(renewed.iter().all(|code| !authenticator.recovery_codes.contains(code)));
    let token = mfa_token(&shop, &ana).await;
    verify(&shop, json!({"mfa_token": token, "recovery_code": authenticator.recovery_codes[0]})).await.expect(400);
    verify(&shop, json!({"mfa_token": token, "recovery_code": renewed[0]})).await.expect(200);
}

#[actix_web::test]
async fn recovery_codes_require_a_second_factor() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let rejected = ana.post(RENEW, json!({"password": PASSWORD})).await;

    assert_eq!(rejected.expect(409)["code"], "not_active");
    assert_eq!(shop.number("select count(*) from recovery_codes"), 0);
}

#[actix_web::test]
async fn recovery_code_removes_a_lost_authenticator_app() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;

    let body = json!({"password": PASSWORD, "recovery_code": authenticator.recovery_codes[0]});
    ana.post("/api/auth/mfa/totp/deactivate/", body).await.expect(204);

    let status: Value = ana.get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status, json!({"totp": false, "passkeys": 0, "recovery_codes_left": 0, "required": false}));
}
