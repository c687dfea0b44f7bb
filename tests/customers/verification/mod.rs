//! Verified addresses, and changes of passwords and e-mail addresses.

mod email;
mod enumeration;
mod password_change;
mod password_reset;
mod registration;
mod tokens;

use serde_json::{Value, json};

use crate::support::fakes::ParsedMail;
use crate::support::shop::PASSWORD;
use crate::support::{TestResponse, TestShop};

const VERIFY: &str = "/api/auth/registration/verify-email/";
const RESEND: &str = "/api/auth/registration/resend-email/";
const CHANGE: &str = "/api/auth/password/change/";
const RESET: &str = "/api/auth/password/reset/";
const CONFIRM: &str = "/api/auth/password/reset/confirm/";
const EMAIL: &str = "/api/auth/email/change/";
const EMAIL_CONFIRM: &str = "/api/auth/email/change/confirm/";

/// Second password of a test.
const OTHER: &str = "battery staple";

/// Returns a parameter from the fragment of the link in an e-mail.
fn link_parameter(mail: &ParsedMail, name: &str) -> String {
    let fragment = mail.text.split_once('#').unwrap_or_else(|| panic!("no link in {}", mail.text)).1;
    let fragment = fragment.split_whitespace().next().unwrap();
    let pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next().unwrap()
}

/// Returns the only e-mail to this address.
#[track_caller]
fn only_mail_to(shop: &TestShop, email: &str) -> ParsedMail {
    let mut mails = shop.mails_to(email);
    assert_eq!(mails.len(), 1, "mails to {email}");
    mails.remove(0)
}

fn last_mail_to(shop: &TestShop, email: &str) -> ParsedMail {
    shop.mails_to(email).pop().unwrap()
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

/// Requests a password reset, and returns the user id and the token of the e-mailed link.
async fn reset_link(shop: &TestShop, email: &str) -> (String, String) {
    post(shop, RESET, json!({"email": email})).await.expect(200);
    shop.run_jobs().await;
    let mail = last_mail_to(shop, email);
    (link_parameter(&mail, "uid"), link_parameter(&mail, "token"))
}

async fn confirm(shop: &TestShop, (uid, token): &(String, String), password: &str) -> TestResponse {
    let body = json!({"uid": uid, "token": token, "new_password1": password, "new_password2": password});
    post(shop, CONFIRM, body).await
}

#[track_caller]
fn assert_bad_token(response: &TestResponse) {
    assert_eq!(response.expect(400), json!({"token": ["Invalid value"]}));
}

fn live_tokens(shop: &TestShop) -> i64 {
    shop.number("select count(*) from account_tokens where ended_at is null")
}
