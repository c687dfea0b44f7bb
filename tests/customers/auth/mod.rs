//! Registration, sign-in and tokens.

mod cookies;
mod forged_tokens;
mod key_rotation;
mod password_rehashing;
mod refresh_tokens;
mod registration;
mod sign_in;
mod sign_in_audit;
mod sign_out;
mod signing_keys;
mod token_attacks;

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Client, TestResponse, TestShop};

/// Returns the claims of a token without verifying it.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap().to_owned()
}

/// Sends a refresh token to the refresh endpoint.
async fn refresh(shop: &TestShop, token: &str) -> TestResponse {
    shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": token})).await
}

/// Returns the status of an authenticated request with this access token.
async fn status_with(shop: &TestShop, access: &str) -> StatusCode {
    client_with_token(shop, access).get("/api/auth/user/").await.status
}

fn client_with_token(shop: &TestShop, token: &str) -> Client {
    let mut client = shop.anonymous();
    client.token = Some(token.to_owned());
    client
}

/// Asserts simplejwt's response to an invalid refresh token.
#[track_caller]
fn assert_not_valid(response: &TestResponse) {
    assert_eq!(response.header("www-authenticate"), Some("Bearer realm=\"api\""));
    assert_eq!(response.expect(401), json!({"detail": "Token is invalid", "code": "token_not_valid"}));
}
