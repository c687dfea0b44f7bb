//! Sign-in with OpenID Connect providers. A fake provider responds over real HTTP.

mod api_sign_in;
mod browser;
mod linking;
mod real_provider;
mod redirects;
mod token_validation;

use serde_json::{Value, json};

use crate::support::fakes::{FakeProvider, REDIRECT_URL, code_challenge};
use crate::support::{TestResponse, TestShop};

const GOOGLE: &str = "/api/auth/google/";
const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-than-that";

/// A shop with a fake provider.
async fn shop_and_provider() -> (TestShop, FakeProvider) {
    let provider = FakeProvider::start().await;
    (provider.shop(&[]).await, provider)
}

async fn sign_in(shop: &TestShop, body: Value) -> TestResponse {
    shop.anonymous().post(GOOGLE, body).await
}

/// Request body of a client that obtained a code with PKCE.
fn with_code(provider: &FakeProvider, claims: &Value) -> Value {
    let code = provider.issue_code(REDIRECT_URL, &code_challenge(VERIFIER), claims);
    json!({"code": code, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER})
}

/// Numbers of the rows that a sign-in creates. A rejected sign-in creates only an audit entry, which is not counted.
fn traces(shop: &TestShop) -> [i64; 5] {
    ["users", "customers", "identities", "sessions", "audit_entries where action <> 'user.sign_in_failed'"]
        .map(|table| shop.number(&format!("select count(*) from {table}")))
}

fn non_field_error(message: &str) -> Value {
    json!({"non_field_errors": [message]})
}
