//! An authenticator app, from its first code to its last.

use chrono::TimeDelta;
use futures_util::join;
use serde_json::json;

use super::{Telephone, entries, log_in, mfa_token, telephone_of, verify};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

const ACTIVATE: &str = "/api/auth/mfa/totp/activate/";
const CONFIRM: &str = "/api/auth/mfa/totp/confirm/";
const DEACTIVATE: &str = "/api/auth/mfa/totp/deactivate/";

#[actix_web::test]
async fn an_app_counts_once_a_code_of_it_was_shown() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let begun = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);

    let secret = begun["secret"].as_str().unwrap();
    let url = format!("otpauth://totp/Mercer:ana%40example.com?secret={secret}&issuer=Mercer");
    assert_eq!(begun, json!({"secret": secret, "otpauth_url": url}));
    assert_eq!(secret.len(), 32);
    // Until then, signing in is as it was.
    assert!(log_in(&shop, &ana).await.expect(200)["access"].is_string());

    let telephone = Telephone::new(secret);
    let confirmed = ana.post(CONFIRM, json!({"code": telephone.shows(&shop)})).await.expect(200);

    let codes = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.as_str().unwrap().len() == 19), "{codes:?}");
    let status = ana.get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status, json!({"totp": true, "passkeys": 0, "recovery_codes_left": 10, "required": false}));
    assert_eq!(log_in(&shop, &ana).await.expect(200)["mfa_required"], true);
    assert_eq!(entries(&shop, "user.totp_added"), 1);
}

#[actix_web::test]
async fn its_owner_is_told_by_mail() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    telephone_of(&shop, &ana).await;
    shop.run_jobs().await;

    assert_eq!(shop.mails(), [("ana@example.com".to_owned(), "Your sign-in at Mercer has changed".to_owned())]);
}

#[actix_web::test]
async fn neither_seed_nor_code_is_kept_that_could_be_read() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let telephone = telephone_of(&shop, &ana).await;
    let token = mfa_token(&shop, &ana).await;

    let seed = totp_rs::Secret::try_from_base32(&telephone.secret).unwrap();
    let hex: String = seed.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = format!("select count(*) from totp_devices where position('{hex}' in encode(seed, 'hex')) > 0");
    assert_eq!(shop.number(&kept), 0);
    for secret in [&token, &telephone.secret, &telephone.recovery_codes[0]] {
        let tables = ["sign_in_challenges", "totp_devices", "recovery_codes", "audit_entries", "messages", "jobs"];
        for table in tables {
            let found = format!("select count(*) from {table} t where position('{secret}' in t::text) > 0");
            assert_eq!(shop.number(&found), 0, "{table}");
        }
    }
}

#[actix_web::test]
async fn the_password_is_asked_for() {
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
async fn who_has_no_password_must_have_signed_in_just_now() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set password_hash = null");

    ana.post(ACTIVATE, json!({})).await.expect(200);
    shop.advance(TimeDelta::seconds(601));
    let late = ana.post(ACTIVATE, json!({})).await;

    assert_eq!(late.expect(403)["code"], "reauthentication_required");
}

#[actix_web::test]
async fn five_wrong_codes_end_the_setting_up() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let begun = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);
    let telephone = Telephone::new(begun["secret"].as_str().unwrap());

    for _ in 0..5 {
        let wrong = ana.post(CONFIRM, json!({"code": telephone.shows_at(&shop, 7)})).await;
        assert_eq!(wrong.expect(400), json!({"code": ["This code is not right, or it was used before."]}));
    }
    let right = ana.post(CONFIRM, json!({"code": telephone.shows(&shop)})).await;

    assert_eq!(right.expect(409)["code"], "nothing_to_confirm");
    assert_eq!(shop.number("select count(*) from totp_devices where confirmed_at is not null"), 0);
    telephone_of(&shop, &ana).await;
}

#[actix_web::test]
async fn an_hour_later_there_is_nothing_to_confirm() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "7200")]).await;
    let ana = shop.customer("ana").await;
    let begun = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);
    let telephone = Telephone::new(begun["secret"].as_str().unwrap());

    shop.advance(TimeDelta::hours(1));
    let late = ana.post(CONFIRM, json!({"code": telephone.shows(&shop)})).await;

    assert_eq!(late.expect(409)["code"], "nothing_to_confirm");
}

#[actix_web::test]
async fn a_second_app_does_not_push_out_the_first() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;

    let second = ana.post(ACTIVATE, json!({"password": PASSWORD})).await;

    assert_eq!(second.expect(409)["code"], "totp_active");
    let body = json!({"mfa_token": mfa_token(&shop, &ana).await, "code": telephone.next(&shop)});
    verify(&shop, body).await.expect(200);
}

#[actix_web::test]
async fn of_two_confirmations_at_once_one_counts() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let begun = ana.post(ACTIVATE, json!({"password": PASSWORD})).await.expect(200);
    let telephone = Telephone::new(begun["secret"].as_str().unwrap());
    let body = json!({"code": telephone.shows(&shop)});

    let (one, other) = join!(ana.post(CONFIRM, body.clone()), ana.post(CONFIRM, body));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(shop.number("select count(*) from recovery_codes"), 10);
}

#[actix_web::test]
async fn an_app_is_taken_off_by_password_and_code() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let telephone = telephone_of(&shop, &ana).await;

    for (body, told) in [
        (json!({"password": PASSWORD}), json!({"code": ["A code or a recovery code is needed."]})),
        (json!({"code": telephone.shows_at(&shop, 1)}), json!({"password": ["This field is required."]})),
        (
            json!({"password": PASSWORD, "code": "000000"}),
            json!({"code": ["This code is not right, or it was used before."]}),
        ),
    ] {
        assert_eq!(ana.post(DEACTIVATE, body).await.expect(400), told);
    }
    assert_eq!(shop.number("select count(*) from totp_devices"), 1);

    ana.post(DEACTIVATE, json!({"password": PASSWORD, "code": telephone.next(&shop)})).await.expect(204);

    assert_eq!(shop.number("select count(*) from totp_devices"), 0);
    assert_eq!(shop.number("select count(*) from recovery_codes"), 0);
    assert!(log_in(&shop, &ana).await.expect(200)["access"].is_string());
    let again = ana.post(DEACTIVATE, json!({"password": PASSWORD})).await;
    assert_eq!(again.expect(409)["code"], "not_active");
}
