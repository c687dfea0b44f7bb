//! Addresses proved by mail; passwords and addresses changed.

mod email;
mod enumeration;
mod passwords;
mod registration;
mod resetting;
mod tokens;

use serde_json::{Value, json};

use crate::support::fakes::ReadMail;
use crate::support::shop::PASSWORD;
use crate::support::{TestResponse, TestShop};

const VERIFY: &str = "/api/auth/registration/verify-email/";
const RESEND: &str = "/api/auth/registration/resend-email/";
const CHANGE: &str = "/api/auth/password/change/";
const RESET: &str = "/api/auth/password/reset/";
const CONFIRM: &str = "/api/auth/password/reset/confirm/";
const EMAIL: &str = "/api/auth/email/change/";
const EMAIL_CONFIRM: &str = "/api/auth/email/change/confirm/";

/// A new password of a test.
const OTHER: &str = "battery staple";

/// What stands behind this name in the link of a letter.
fn of_link(letter: &ReadMail, name: &str) -> String {
    let fragment = letter.text.split_once('#').unwrap_or_else(|| panic!("no link in {}", letter.text)).1;
    let fragment = fragment.split_whitespace().next().unwrap();
    let pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next().unwrap()
}

/// The only letter to somebody since the shop opened.
#[track_caller]
fn only_letter_to(shop: &TestShop, email: &str) -> ReadMail {
    let mut letters = shop.letters_to(email);
    assert_eq!(letters.len(), 1, "letters to {email}");
    letters.remove(0)
}

fn last_letter_to(shop: &TestShop, email: &str) -> ReadMail {
    shop.letters_to(email).pop().unwrap()
}

async fn post(shop: &TestShop, url: &str, body: Value) -> TestResponse {
    shop.anonymous().post(url, body).await
}

fn registration(email: &str) -> Value {
    json!({"email": email, "password1": PASSWORD, "password2": PASSWORD, "first_name": "Ana"})
}

async fn log_in(shop: &TestShop, email: &str, password: &str) -> TestResponse {
    post(shop, "/api/auth/login/", json!({"email": email, "password": password})).await
}

/// Asks for a new password and waits for the mail: what stands in its link.
async fn reset_link(shop: &TestShop, email: &str) -> (String, String) {
    post(shop, RESET, json!({"email": email})).await.expect(200);
    shop.run_jobs().await;
    let letter = last_letter_to(shop, email);
    (of_link(&letter, "uid"), of_link(&letter, "token"))
}

async fn confirm(shop: &TestShop, (uid, token): &(String, String), password: &str) -> TestResponse {
    let body = json!({"uid": uid, "token": token, "new_password1": password, "new_password2": password});
    post(shop, CONFIRM, body).await
}

#[track_caller]
fn assert_bad_token(answer: &TestResponse) {
    assert_eq!(answer.expect(400), json!({"token": ["Invalid value"]}));
}

fn live_tokens(shop: &TestShop) -> i64 {
    shop.number("select count(*) from account_tokens where ended_at is null")
}
