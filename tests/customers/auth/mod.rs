//! Registration, sign-in, sessions and their tokens.

mod cookies;
mod ending;
mod failing;
mod forging;
mod keys;
mod refreshing;
mod registration;
mod rehashing;
mod rotating;
mod sessions;
mod signing_in;
mod token_attacks;

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Client, TestResponse, TestShop};

/// What a token says, its signature aside.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap().to_owned()
}

/// What becomes of a refresh token that is shown.
async fn refresh(shop: &TestShop, token: &str) -> TestResponse {
    shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": token})).await
}

/// The status of one's own page with this access token.
async fn status_with(shop: &TestShop, access: &str) -> StatusCode {
    bearing(shop, access).get("/api/auth/user/").await.status
}

fn bearing(shop: &TestShop, token: &str) -> Client {
    let mut client = shop.anonymous();
    client.token = Some(token.to_owned());
    client
}

/// simplejwt's answer to a refresh token that is no good.
#[track_caller]
fn assert_not_valid(answer: &TestResponse) {
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
    assert_eq!(answer.expect(401), json!({"detail": "Token is invalid", "code": "token_not_valid"}));
}
