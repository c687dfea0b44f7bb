//! Signing in with other providers: what the providers say comes over real HTTP.

mod forging;
mod in_a_browser;
mod linking;
mod redirects;
mod signing_in;
mod with_a_real_provider;

use serde_json::{Value, json};

use crate::support::fakes::{FakeProvider, REDIRECT_URL, challenge_of};
use crate::support::{TestResponse, TestShop};

const GOOGLE: &str = "/api/auth/google/";
const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-than-that";

/// A shop that lets people in by a provider in our hand.
async fn shop_and_provider() -> (TestShop, FakeProvider) {
    let provider = FakeProvider::start().await;
    (provider.shop(&[]).await, provider)
}

async fn sign_in(shop: &TestShop, body: Value) -> TestResponse {
    shop.anonymous().post(GOOGLE, body).await
}

/// The body of somebody who got a code by themselves, with PKCE.
fn with_code(provider: &FakeProvider, claims: &Value) -> Value {
    let code = provider.give_code(REDIRECT_URL, &challenge_of(VERIFIER), claims);
    json!({"code": code, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER})
}

/// Whatever signing in leaves behind; that somebody was refused is written down, and leaves nothing else.
fn traces(shop: &TestShop) -> [i64; 5] {
    ["users", "customers", "identities", "sessions", "audit_entries where action <> 'user.sign_in_failed'"]
        .map(|table| shop.number(&format!("select count(*) from {table}")))
}

fn refused_in_words(words: &str) -> Value {
    json!({"non_field_errors": [words]})
}
