//! Passkeys, made and shown by a browser that is not ours.

use chrono::TimeDelta;
use mercer::customers::mfa::PurgeFactors;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{bearing, entries, log_in, mfa_token, sessions, telephone_of};
use crate::support::fakes::Device;
use crate::support::second_factors::enrol;
use crate::support::shop::{PASSWORD, Person};
use crate::support::{Client, TestResponse, TestShop};

const KEYS: &str = "/api/auth/mfa/passkeys/";

/// Where the pages of the shop are.
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

/// A device of somebody's, with a passkey for the shop.
async fn device_of(person: &Person) -> Device {
    let mut device = new_device();
    enrol(&mut device, person).await;
    device
}

#[actix_web::test]
async fn a_passkey_is_made_and_listed() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = new_device();

    let made = enrol(&mut device, &ana).await;

    assert_eq!(made["name"], "My laptop");
    assert_eq!(made["recovery_codes"].as_array().unwrap().len(), 10);
    let listed = ana.get(KEYS).await.expect(200);
    assert_eq!(
        listed,
        json!([{"id": made["id"], "name": "My laptop", "created_at": made["created_at"], "last_used_at": null}])
    );
    assert_eq!(entries(&shop, "user.passkey_added"), 1);
    let second = enrol(&mut new_device(), &ana).await;
    assert_eq!(second["recovery_codes"], Value::Null);
}

#[actix_web::test]
async fn browsers_are_asked_for_what_signs_in_alone() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;

    let options = begin(&ana, "register", json!({"password": PASSWORD})).await;

    assert_eq!(options["rp"], json!({"name": "Mercer", "id": "shop.example"}));
    assert_eq!(options["user"]["name"], "ana@example.com");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["attestation"], "none");
    let refused = ana.post(&format!("{KEYS}register/begin/"), json!({"password": "wrong"})).await;
    assert_eq!(
        refused.expect(400),
        json!({"password": ["Your password was entered incorrectly. Please enter it again."]})
    );
}

#[actix_web::test]
async fn a_passkey_signs_in_without_a_password() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;

    let options = begin(&shop.anonymous(), "login", json!({})).await;
    assert_eq!(options["allowCredentials"], json!([]));
    let credential = device.answer(&options).await;
    let tokens = finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);

    assert_eq!(tokens["user"]["email"], "ana@example.com");
    assert_eq!(bearing(&shop, &tokens).get("/api/auth/user/").await.status, 200);
    assert_eq!(shop.number("select count(*) from passkeys where last_used_at is not null"), 1);
}

#[actix_web::test]
async fn an_answer_signs_in_once_and_in_time() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    let told = json!({"non_field_errors": ["Unable to log in with provided credentials."]});

    let credential = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;
    finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);
    let replayed = finish(&shop.anonymous(), "login", json!({"credential": credential})).await;
    assert_eq!(replayed.expect(400), told);

    let credential = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;
    shop.advance(TimeDelta::minutes(5));
    let late = finish(&shop.anonymous(), "login", json!({"credential": credential})).await;
    assert_eq!(late.expect(400), told);

    assert_eq!(sessions(&shop), 2);
    PurgeFactors {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from passkey_ceremonies"), 0);
}

#[actix_web::test]
async fn a_passkey_is_a_second_factor_too() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    let waiting = log_in(&shop, &ana).await.expect(200);
    assert_eq!(waiting["methods"], json!(["recovery_code", "passkey"]));
    let token = &waiting["mfa_token"];

    let options = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = device.answer(&options).await;
    let body = json!({"mfa_token": token, "credential": credential});
    let tokens = finish(&shop.anonymous(), "verify", body.clone()).await.expect(200);

    assert_eq!(bearing(&shop, &tokens).get("/api/auth/user/").await.status, 200);
    let again = finish(&shop.anonymous(), "verify", body).await;
    assert_eq!(again.expect(401)["code"], "mfa_token_not_valid");
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn a_strangers_passkey_is_no_second_factor() {
    let shop = shop().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let (mut of_ana, mut of_ben) = (device_of(&ana).await, device_of(&ben).await);
    let token = mfa_token(&shop, &ana).await;

    // Ben's device answers a challenge of his own; then Ana's challenge without the list of her keys.
    let of_bens_own = begin(&shop.anonymous(), "verify", json!({"mfa_token": mfa_token(&shop, &ben).await})).await;
    let mut of_anas = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    of_anas["allowCredentials"] = json!([]);
    for options in [of_bens_own, of_anas] {
        let credential = of_ben.answer(&options).await;
        let refused = finish(&shop.anonymous(), "verify", json!({"mfa_token": token, "credential": credential})).await;
        assert_eq!(refused.expect(400), json!({"credential": ["This passkey cannot be accepted."]}));
    }

    assert_eq!(sessions(&shop), 2);
    assert_eq!(entries(&shop, "user.second_factor_refused"), 2);
    let options = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    let credential = of_ana.answer(&options).await;
    finish(&shop.anonymous(), "verify", json!({"mfa_token": token, "credential": credential})).await.expect(200);
}

#[actix_web::test]
async fn five_wrong_answers_end_the_sign_in() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    device_of(&ana).await;
    let token = mfa_token(&shop, &ana).await;

    for _ in 0..5 {
        let body = json!({"mfa_token": token, "credential": {"rawId": "AAAA"}});
        finish(&shop.anonymous(), "verify", body).await.expect(400);
    }

    let over = shop.anonymous().post(&format!("{KEYS}verify/begin/"), json!({"mfa_token": token})).await;
    assert_eq!(over.expect(401)["code"], "mfa_token_not_valid");
}

#[actix_web::test]
async fn a_page_elsewhere_gets_nothing_out_of_a_passkey() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await.at("https://shop.example.evil.example");

    let options = begin(&shop.anonymous(), "login", json!({})).await;
    assert!(device.try_answer(&options).await.is_err());

    // A page below the shop's own domain may ask the device, and is refused by the shop.
    let mut device = device.at("https://blog.shop.example");
    let credential = device.answer(&options).await;
    finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(400);
    assert_eq!(sessions(&shop), 1);
}

#[actix_web::test]
async fn pages_that_may_call_the_shop_may_ask_for_passkeys() {
    let page = "https://app.shop.example";
    let settings = [SETTINGS[0], ("CORS_ALLOWED_ORIGINS", page)];
    let shop = TestShop::with_settings(&settings).await;
    let ana = shop.customer("ana").await;
    let mut device = Device::new().at(page);
    enrol(&mut device, &ana).await;

    for page in [page, PAGE] {
        device = device.at(page);
        let credential = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;
        finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);
    }
}

#[actix_web::test]
async fn an_answer_that_was_changed_opens_nothing() {
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
        let mut credential = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;
        *credential.pointer_mut(pointer).unwrap() = value;
        let answer = finish(&shop.anonymous(), "login", json!({"credential": credential})).await;
        let told = json!({"non_field_errors": ["Unable to log in with provided credentials."]});
        assert_eq!(answer.expect(400), told, "{pointer}");
    }
    assert_eq!(sessions(&shop), 1);
}

#[actix_web::test]
async fn an_answer_to_one_question_is_none_to_another() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = device_of(&ana).await;
    let token = mfa_token(&shop, &ana).await;

    let for_login = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;
    finish(&shop.anonymous(), "verify", json!({"mfa_token": token, "credential": for_login})).await.expect(400);
    let options = begin(&shop.anonymous(), "verify", json!({"mfa_token": token})).await;
    let for_verify = device.answer(&options).await;
    finish(&shop.anonymous(), "login", json!({"credential": for_verify})).await.expect(400);

    assert_eq!(sessions(&shop), 1);
}

#[actix_web::test]
async fn a_counter_that_stands_still_tells_a_copy() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let mut device = Device::counting().at(PAGE);
    enrol(&mut device, &ana).await;
    let older = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;
    let newer = device.answer(&begin(&shop.anonymous(), "login", json!({})).await).await;

    finish(&shop.anonymous(), "login", json!({"credential": newer})).await.expect(200);
    finish(&shop.anonymous(), "login", json!({"credential": older})).await.expect(400);

    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn one_device_is_not_registered_twice() {
    let shop = shop().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let mut device = device_of(&ana).await;

    let options = begin(&ana, "register", json!({"password": PASSWORD})).await;
    assert!(device.try_create(&options).await.is_err());

    // What was made for Ana's question is no answer to Ben's.
    let for_ana = new_device().create(&options).await;
    begin(&ben, "register", json!({"password": PASSWORD})).await;
    let refused = finish(&ben, "register", json!({"credential": for_ana})).await;
    assert_eq!(refused.expect(400), json!({"credential": ["This passkey cannot be accepted."]}));
    assert_eq!(shop.number("select count(*) from passkeys"), 1);
}

#[actix_web::test]
async fn passkeys_are_renamed_and_taken_off_by_their_owner() {
    let shop = shop().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let made = enrol(&mut new_device(), &ana).await;
    let url = format!("{KEYS}{}/", made["id"].as_str().unwrap());

    let renamed = ana.patch(&url, json!({"name": "Old laptop"})).await.expect(200);
    assert_eq!(renamed["name"], "Old laptop");
    ben.patch(&url, json!({"name": "Mine"})).await.expect(404);
    ben.post(&format!("{url}delete/"), json!({"password": PASSWORD})).await.expect(404);
    let refused = ana.post(&format!("{url}delete/"), json!({"password": "wrong"})).await;
    assert_eq!(
        refused.expect(400),
        json!({"password": ["Your password was entered incorrectly. Please enter it again."]})
    );
    assert_eq!(ana.get(KEYS).await.expect(200)[0]["name"], "Old laptop");

    ana.post(&format!("{url}delete/"), json!({"password": PASSWORD})).await.expect(204);

    assert_eq!(ana.get(KEYS).await.expect(200), json!([]));
    assert_eq!(shop.number("select count(*) from recovery_codes"), 0);
    assert!(log_in(&shop, &ana).await.expect(200)["access"].is_string());
}

#[actix_web::test]
async fn who_has_an_app_shows_a_code_to_take_a_passkey_off() {
    let shop = shop().await;
    let ana = shop.customer("ana").await;
    let made = enrol(&mut new_device(), &ana).await;
    let telephone = telephone_of(&shop, &ana).await;
    let url = format!("{KEYS}{}/delete/", made["id"].as_str().unwrap());

    let refused = ana.post(&url, json!({"password": PASSWORD})).await;
    assert_eq!(refused.expect(400), json!({"code": ["A code or a recovery code is needed."]}));
    ana.post(&url, json!({"password": PASSWORD, "code": telephone.next(&shop)})).await.expect(204);

    assert_eq!(ana.get("/api/auth/mfa/status/").await.expect(200)["recovery_codes_left"], 10);
}

#[actix_web::test]
async fn after_ten_minutes_a_passkey_alone_is_not_taken_off() {
    let shop = TestShop::with_settings(&[SETTINGS[0], ("ACCESS_TOKEN_SECONDS", "3600")]).await;
    let ana = shop.customer("ana").await;
    let made = enrol(&mut new_device(), &ana).await;
    shop.advance(TimeDelta::seconds(601));

    let url = format!("{KEYS}{}/delete/", made["id"].as_str().unwrap());
    let refused = ana.post(&url, json!({"password": PASSWORD})).await;

    assert_eq!(refused.expect(403)["code"], "reauthentication_required");
    assert_eq!(shop.number("select count(*) from passkeys"), 1);
}

#[actix_web::test]
async fn on_a_developers_machine_the_domain_is_localhost() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut device = Device::new();
    enrol(&mut device, &ana).await;

    let options = begin(&shop.anonymous(), "login", json!({})).await;
    assert_eq!(options["rpId"], "localhost");
    let credential = device.answer(&options).await;
    finish(&shop.anonymous(), "login", json!({"credential": credential})).await.expect(200);
}
