//! Setting up, confirming and removing an authenticator app.

use chrono::TimeDelta;
use futures_util::join;
use serde_json::json;

use super::{AuthenticatorApp, entries, log_in, mfa_token, set_up_authenticator, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

const ACTIVATE: &str = "/api/auth/mfa/totp/activate/";
const CONFIRM: &str = "/api/auth/mfa/totp/confirm/";
const DEACTIVATE: &str = "/api/auth/mfa/totp/deactivate/";

#[actix_web::test]
async fn authenticator_app_is_required_after_its_confirmation() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let started = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);

    let secret = started["secret"].as_str().unwrap();
    let url = format!("otpauth://totp/Mercer:ana%40example.com?secret={secret}&issuer=Mercer");
    assert_eq!(started, json!({"secret": secret, "otpauth_url": url}));
    assert_eq!(secret.len(), 32);
    // Sign-in requires no code before the confirmation.
    assert!(log_in(&shop, &ana).await.expect(200)["access"].is_string());

    let authenticator = AuthenticatorApp::new(secret);
    let confirmed = ana.post(CONFIRM, json!({"code": authenticator.code(&shop)})).await.expect(200);

    let codes = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.as_str().unwrap().len() == 19), "{codes:?}");
    let status = ana.get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status, json!({"totp": true, "passkeys": 0, "recovery_codes_left": 10, "required": false}));
    assert_eq!(log_in(&shop, &ana).await.expect(200)["mfa_required"], true);
    assert_eq!(entries(&shop, "user.totp_added"), 1);
}

#[actix_web::test]
async fn new_authenticator_app_is_notified_by_email() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    set_up_authenticator(&shop, &ana).await;
    shop.run_jobs().await;

    assert_eq!(
        shop.mails(),
        [("ana@example.com".to_owned(), "The sign-in settings of your account at Mercer were changed".to_owned())]
    );
}

#[actix_web::test]
async fn totp_seeds_and_recovery_codes_are_not_stored_in_plain_text() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let authenticator = set_up_authenticator(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let seed = totp_rs::Secret::try_from_base32(&authenticator.secret).unwrap();
    let hex: String = seed.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let plain = format!("select count(*) from totp_devices where position('{hex}' in encode(seed, 'hex')) > 0");
    assert_eq!(shop.number(&plain), 0);
    for secret in [&token, &authenticator.secret, &authenticator.recovery_codes[0]] {
        let tables = ["sign_in_challenges", "totp_devices", "recovery_codes", "audit_entries", "messages", "jobs"];
        for table in tables {
            let found = format!("select count(*) from {table} t where position('{secret}' in t::text) > 0");
            assert_eq!(shop.number(&found), 0, "{table}");
        }
    }
}

#[actix_web::test]
async fn setting_up_an_authenticator_app_requires_the_password() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let missing = ana.post(ACTIVATE, json!({})).await;
    assert_eq!(missing.expect(400), json!({"password": ["This field is required."]}));
    let wrong = ana.post(ACTIVATE, json!({"password": "wrong"})).await;
    assert_eq!(
        wrong.expect(400),
        json!({"password": ["Your password was entered incorrectly. Please enter it again."]})
    );

    assert_eq!(shop.number("select count(*) from totp_devices"), 0);
    assert_eq!(entries(&shop, "user.password_refused"), 1);
}

#[actix_web::test]
async fn setting_up_without_a_password_requires_a_recent_sign_in() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set password_hash = null");

    ana.post(ACTIVATE, json!({})).await.expect(200);
    shop.advance(TimeDelta::seconds(601));
    let late = ana.post(ACTIVATE, json!({})).await;

    assert_eq!(late.expect(403)["code"], "reauthentication_required");
}

#[actix_web::test]
async fn five_wrong_codes_cancel_the_setup() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let started = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);
    let authenticator = AuthenticatorApp::new(started["secret"].as_str().unwrap());

    for _ in 0..5 {
        let wrong = ana.post(CONFIRM, json!({"code": authenticator.code_at(&shop, 7)})).await;
        assert_eq!(wrong.expect(400), json!({"code": ["This code is wrong or was used before."]}));
    }
    let right = ana.post(CONFIRM, json!({"code": authenticator.code(&shop)})).await;

    assert_eq!(right.expect(409)["code"], "nothing_to_confirm");
    assert_eq!(shop.number("select count(*) from totp_devices where confirmed_at is not null"), 0);
    set_up_authenticator(&shop, &ana).await;
}

#[actix_web::test]
async fn unconfirmed_authenticator_app_expires_after_an_hour() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "7200")]).await;
    let ana = shop.customer("ana").await;
    let started = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);
    let authenticator = AuthenticatorApp::new(started["secret"].as_str().unwrap());

    shop.advance(TimeDelta::hours(1));
    let late = ana.post(CONFIRM, json!({"code": authenticator.code(&shop)})).await;

    assert_eq!(late.expect(409)["code"], "nothing_to_confirm");
}

#[actix_web::test]
async fn second_authenticator_app_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;

    let second = ana.post(ACTIVATE, json!({"password": PASSWORD})).await;

    assert_eq!(second.expect(409)["code"], "totp_active");
    let body = json!({"mfa_token": mfa_token(&shop, &ana).await, "code": authenticator.next_code(&shop)});
    verify(&shop, body).await.expect(200);
}

#[actix_web::test]
async fn concurrent_confirmations_succeed_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let started = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);
    let authenticator = AuthenticatorApp::new(started["secret"].as_str().unwrap());
    let body = json!({"code": authenticator.code(&shop)});

    let (first, second) = join!(ana.post(CONFIRM, body.clone()), ana.post(CONFIRM, body));

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(shop.number("select count(*) from recovery_codes"), 10);
}

#[actix_web::test]
async fn removing_an_authenticator_app_requires_password_and_code() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let authenticator = set_up_authenticator(&shop, &ana).await;

    for (body, expected) in [
        (json!({"password": PASSWORD}), json!({"code": ["Enter a code or a recovery code."]})),
        (json!({"code": authenticator.code_at(&shop, 1)}), json!({"password": ["This field is required."]})),
        (json!({"password": PASSWORD, "code": "000000"}), json!({"code": ["This code is wrong or was used before."]})),
    ] {
        assert_eq!(ana.post(DEACTIVATE, body).await.expect(400), expected);
    }
    assert_eq!(shop.number("select count(*) from totp_devices"), 1);

    ana.post(DEACTIVATE, json!({"password": PASSWORD, "code": authenticator.next_code(&shop)})).await.expect(204);

    assert_eq!(shop.number("select count(*) from totp_devices"), 0);
    assert_eq!(shop.number("select count(*) from recovery_codes"), 0);
    assert!(log_in(&shop, &ana).await.expect(200)["access"].is_string());
    let again = ana.post(DEACTIVATE, json!({"password": PASSWORD})).await;
    assert_eq!(again.expect(409)["code"], "not_active");
}
