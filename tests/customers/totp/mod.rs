//! Authenticator apps and recovery codes.

mod attempt_limits;
mod recovery_codes;
mod setup;
mod sign_in;

use serde_json::Value;

pub use crate::support::second_factors::{AuthenticatorApp, log_in, mfa_token, set_up_authenticator};
use crate::support::{Client, TestResponse, TestShop};

/// Completes a sign-in with a code or a recovery code.
pub async fn verify(shop: &TestShop, body: Value) -> TestResponse {
    shop.anonymous().post("/api/auth/mfa/verify/", body).await
}

/// Returns a client with the access token of a sign-in.
pub fn client_with_token(shop: &TestShop, tokens: &Value) -> Client {
    let mut client = shop.anonymous();
    client.token = Some(tokens["access"].as_str().unwrap().to_owned());
    client
}

/// Returns the number of active sessions.
pub fn sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions where revoked_at is null")
}

/// Returns the number of audit entries with this action.
pub fn entries(shop: &TestShop, action: &str) -> i64 {
    shop.number(&format!("select count(*) from audit_entries where action = '{action}'"))
}
