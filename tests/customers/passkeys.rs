//! Passkeys, created and used by an independent authenticator.

use chrono::TimeDelta;
use mercer::customers::mfa::PurgeFactors;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::totp::{client_with_token, entries, log_in, mfa_token, sessions, set_up_authenticator};
use crate::support::fakes::Device;
use crate::support::second_factors::register_passkey;
use crate::support::shop::{PASSWORD, TestUser};
use crate::support::{Client, TestResponse, TestShop};

const KEYS: &str = "/api/auth/mfa/passkeys/";

/// Origin of the pages of the shop.
const PAGE: &str = "https://shop.example";

const SETTINGS: [(&str, &str); 1] = [("MERCER_PUBLIC_URL", PAGE)];

async fn shop() -> TestShop {
    TestShop::with_settings(&SETTINGS).await
}

fn new_device() -> Device {
    Device::new().at(PAGE)
}

async fn begin(client: &Client, what: &str, body: Value) -> Value {
    client.post(&format!("{KEYS}{what}/begin/"), body).await.expect(200)
}

async fn finish(client: &Client, what: &str, body: Value) -> TestResponse {
    client.post(&format!("{KEYS}{what}/finish/"), body).await
}

/// Returns a device with a registered passkey of the user.
async fn device_of(person: &TestUser) -> Device {
    let mut device = new_device();
    register_passkey(&mut device, person).await;
    device
}

#[actix_web::test]
async fn passkey_is_registered_and_listed() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = new_device();

    let registered = register_passkey(&mut device, &ana).await;

    assert_eq!(registered["name"], "My laptop");
    assert_eq!(registered["recovery_codes"].as_array().unwrap().len(), 10);
    let listed = ana.get(KEYS).await.expect(200);
    assert_eq!(
        listed,
        json!([{"id": registered["id"], "name": "My laptop", "created_at": registered["created_at"], "last_used_at": null}])
    );
    assert_eq!(entries(&shop, "user.passkey_added"), 1);
    let second = register_passkey(&mut new_device(), &ana).await;
    assert_eq!(second["recovery_codes"], Value::Null);
}

#[actix_web::test]
async fn registration_options_require_a_discoverable_verified_passkey() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;

    let options = begin(&ana, "register", json!({"password": PASSWORD})).await;

    assert_eq!(options["rp"], json!({"name": "Mercer", "id": "shop.example"}));
    assert_eq!(options["user"]["name"], "ana@example.com");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["attestation"], "none");
    let rejected = ana.post(&format!("{KEYS}register/begin/"), json!({"password": "wrong"})).await;
    assert_eq!(
        rejected.expect(400),
        json!({"password": ["Your password was entered incorrectly. Please enter it again."]})
    );
}

#[actix_web::test]
async fn passkey_signs_in_without_a_password() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;

    let options = begin(&shop.anonymous(), "login", json!({})).await;
    assert_eq!(options["allowCredentials"], json!([]));
    let credential = device.authenticate(&options).await;
    let tokens = finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);

    assert_eq!(tokens["user"]["email"], "ana@example.com");
    assert_eq!(client_with_token(&shop, &tokens).get("/api/auth/user/").await.status, 200);
    assert_eq!(shop.number("select count(*) from passkeys where last_used_at is not null"), 1);
}

#[actix_web::test]
async fn passkey_challenge_is_accepted_once_and_within_five_minutes() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    let expected = json!({"non_field_errors": ["Unable to log in with provided credentials."]});

    let credential = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;
    finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);
    let replayed = finish(&shop.anonymous(), "login", json!({"credential": credential})).await;
    assert_eq!(replayed.expect(400), expected);

    let credential = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;
    shop.advance(TimeDelta::minutes(5));
    let late = finish(&shop.anonymous(), "login", json!({"credential": credential})).await;
    assert_eq!(late.expect(400), expected);

    assert_eq!(sessions(&shop), 2);
    PurgeFactors {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from passkey_ceremonies"), 0);
}

#[actix_web::test]
async fn passkey_completes_a_sign_in_as_second_factor() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    let pending = log_in(&shop, &ana).await.expect(200);
    assert_eq!(pending["methods"], json!(["recovery_code", "passkey"]));
    let token = &pending["mfa_token"];

    let options = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = device.authenticate(&options).await;
    let body = json!({"mfa_token": token, "credential": credential});
    let tokens = finish(&shop.anonymous(), "verify", body.clone()).await.expect(200);

    assert_eq!(client_with_token(&shop, &tokens).get("/api/auth/user/").await.status, 200);
    let again = finish(&shop.anonymous(), "verify", body).await;
    assert_eq!(again.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn passkey_of_another_user_is_rejected_as_second_factor() {
    let shop = shop().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let (mut device_of_ana, mut device_of_ben) = (device_of(&ana).await, device_of(&ben).await);
    let token = mfa_token(&shop, &ana).await;

    // Ben's device answers Ben's challenge, and then Ana's challenge without the list of Ana's passkeys.
    let challenge_of_ben = begin(&shop.anonymous(), "verify", json!({"mfa_token": mfa_token(&shop, &ben).await})).await;
    let mut challenge_of_ana = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    challenge_of_ana["allowCredentials"] = json!([]);
    for options in [challenge_of_ben, challenge_of_ana] {
        let credential = device_of_ben.authenticate(&options).await;
        let rejected = finish(&shop.anonymous(), "verify", json!({"mfa_token": token, "credential": credential})).await;
        assert_eq!(rejected.expect(400), json!({"credential": ["The passkey was not accepted. Try again."]}));
    }

    assert_eq!(sessions(&shop), 2);
    assert_eq!(entries(&shop, "user.second_factor_refused"), 2);
    let options = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    let credential = device_of_ana.authenticate(&options).await;
    finish(&shop.anonymous(), "verify", json!({"mfa_token": token, "credential": credential})).await.expect(200);
}

#[actix_web::test]
async fn five_rejected_passkeys_invalidate_the_mfa_token() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    device_of(&ana).await;
    let token = mfa_token(&shop, &ana).await;

    for _ in 0..5 {
        let body = json!({"mfa_token": token, "credential": {"rawId": "AAAA"}});
        finish(&shop.anonymous(), "verify", body).await.expect(400);
    }

    let begin = shop.anonymous().post(&format!("{KEYS}verify/begin/"), json!({"mfa_token": token})).await;
    assert_eq!(begin.expect(401)["code"], "mfa_token_not_valid");
}

#[actix_web::test]
async fn passkey_used_on_another_origin_is_rejected() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await.at("https://shop.example.evil.example");

    let options = begin(&shop.anonymous(), "login", json!({})).await;
    assert!(device.try_authenticate(&options).await.is_err());

    // A page on a subdomain can use the passkey, but the server rejects its origin.
    let mut device = device.at("https://blog.shop.example");
    let credential = device.authenticate(&options).await;
    finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(400);
    assert_eq!(sessions(&shop), 1);
}

#[actix_web::test]
async fn allowed_cors_origins_can_use_passkeys() {
    let page = "https://app.shop.example";
    let settings = [SETTINGS[0], ("CORS_ALLOWED_ORIGINS", page)];
    let shop = TestShop::with_settings(&settings).await;
    let ana = shop.customer("ana").await;
    let mut device = Device::new().at(page);
    register_passkey(&mut device, &ana).await;

    for page in [page, PAGE] {
        device = device.at(page);
        let credential = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;
        finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);
    }
}

#[actix_web::test]
async fn tampered_credential_is_rejected() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    for (pointer, value) in [
        ("/response/signature", json!("MEUCIQDx")),
        ("/response/userHandle", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("/response/userHandle", Value::Null),
        ("/rawId", json!("AAAA")),
        ("/response/authenticatorData", json!("AAAA")),
    ] {
        let mut credential = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;
        *credential.pointer_mut(pointer).unwrap() = value;
        let response = finish(&shop.anonymous(), "login", json!({"credential": credential})).await;
        let expected = json!({"non_field_errors": ["Unable to log in with provided credentials."]});
        assert_eq!(response.expect(400), expected, "{pointer}");
    }
    assert_eq!(sessions(&shop), 1);
}

#[actix_web::test]
async fn credential_for_one_ceremony_is_rejected_by_another() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    let token = mfa_token(&shop, &ana).await;

    let for_login = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;
    finish(&shop.anonymous(), "verify", json!({"mfa_token": token, "credential": for_login})).await.expect(400);
    let options = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    let for_verify = device.authenticate(&options).await;
    finish(&shop.anonymous(), "login", json!({"credential": for_verify})).await.expect(400);

    assert_eq!(sessions(&shop), 1);
}

#[actix_web::test]
async fn passkey_with_a_repeated_counter_is_rejected() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = Device::with_counter().at(PAGE);
    register_passkey(&mut device, &ana).await;
    let older = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;
    let newer = device.authenticate(&begin(&shop.anonymous(), "login", json!({})).await).await;

    finish(&shop.anonymous(), "login", json!({"credential": newer})).await.expect(200);
    finish(&shop.anonymous(), "login", json!({"credential": older})).await.expect(400);

    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn passkey_cannot_be_registered_twice_or_for_another_user() {
    let shop = shop().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let mut device = device_of(&ana).await;

    let options = begin(&ana, "register", json!({"password": PASSWORD})).await;
    assert!(device.try_create(&options).await.is_err());

    // A passkey that was created for Ana's challenge cannot be registered by Ben.
    let for_ana = new_device().create(&options).await;
    begin(&ben, "register", json!({"password": PASSWORD})).await;
    let rejected = finish(&ben, "register", json!({"credential": for_ana})).await;
    assert_eq!(rejected.expect(400), json!({"credential": ["The passkey was not accepted. Try again."]}));
    assert_eq!(shop.number("select count(*) from passkeys"), 1);
}

#[actix_web::test]
async fn passkey_is_renamed_and_deleted_by_its_owner() {
    let shop = shop().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let registered = register_passkey(&mut new_device(), &ana).await;
    let url = format!("{KEYS}{}/", registered["id"].as_str().unwrap());

    let renamed = ana.patch(&url, json!({"name": "Old laptop"})).await.expect(200);
    assert_eq!(renamed["name"], "Old laptop");
    ben.patch(&url, json!({"name": "Mine"})).await.expect(404);
    ben.post(&format!("{url}delete/"), json!({"password": PASSWORD})).await.expect(404);
    let rejected = ana.post(&format!("{url}delete/"), json!({"password": "wrong"})).await;
    assert_eq!(
        rejected.expect(400),
        json!({"password": ["Your password was entered incorrectly. Please enter it again."]})
    );
    assert_eq!(ana.get(KEYS).await.expect(200)[0]["name"], "Old laptop");

    ana.post(&format!("{url}delete/"), json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(ana.get(KEYS).await.expect(200), json!([]));
    assert_eq!(shop.number("select count(*) from recovery_codes"), 0);
    assert!(log_in(&shop, &ana).await.expect(200)["access"].is_string());
}

#[actix_web::test]
async fn deleting_a_passkey_requires_a_code_of_the_authenticator_app() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let registered = register_passkey(&mut new_device(), &ana).await;
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let url = format!("{KEYS}{}/delete/", registered["id"].as_str().unwrap());

    let rejected = ana.post(&url, json!({"password": PASSWORD})).await;
    assert_eq!(rejected.expect(400), json!({"code": ["Enter a code or a recovery code."]}));
    ana.post(&url, json!({"password": PASSWORD, "code": authenticator.next_code(&shop)})).await.expect(204);

    assert_eq!(ana.get("/api/auth/mfa/status/").await.expect(200)["recovery_codes_left"], 10);
}

#[actix_web::test]
async fn deleting_a_passkey_without_an_authenticator_app_requires_a_recent_sign_in() {
    let shop = TestShop::with_settings(&[SETTINGS[0], ("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    let registered = register_passkey(&mut new_device(), &ana).await;
    shop.advance(TimeDelta::seconds(601));

    let url = format!("{KEYS}{}/delete/", registered["id"].as_str().unwrap());
    let rejected = ana.post(&url, json!({"password": PASSWORD})).await;

    assert_eq!(rejected.expect(403)["code"], "reauthentication_required");
    assert_eq!(shop.number("select count(*) from passkeys"), 1);
}

#[actix_web::test]
async fn passkey_domain_defaults_to_localhost() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut device = Device::new();
    register_passkey(&mut device, &ana).await;

    let options = begin(&shop.anonymous(), "login", json!({})).await;
    assert_eq!(options["rpId"], "localhost");
    let credential = device.authenticate(&options).await;
    finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);
}
