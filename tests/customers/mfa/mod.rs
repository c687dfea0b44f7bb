//! Second factors: codes, recovery codes, passkeys, and who needs them.

mod guessing;
mod passkeys;
mod recovering;
mod setting_up;
mod signing_in;
mod staff;

use serde_json::Value;

use crate::support::second_factors::{Telephone, log_in, mfa_token, telephone_of};
use crate::support::{Client, TestResponse, TestShop};

async fn verify(shop: &TestShop, body: Value) -> TestResponse {
    shop.anonymous().post("/api/auth/mfa/verify/", body).await
}

/// The same person with another access token.
fn bearing(shop: &TestShop, tokens: &Value) -> Client {
    let mut client = shop.anonymous();
    client.token = Some(tokens["access"].as_str().unwrap().to_owned());
    client
}

fn sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions where revoked_at is null")
}

fn entries(shop: &TestShop, action: &str) -> i64 {
    shop.number(&format!("select count(*) from audit_entries where action = '{action}'"))
}
