//! Second factors of test users: an authenticator app and passkeys.

use chrono::TimeDelta;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::fakes::Device;
use super::shop::{PASSWORD, TestUser};
use super::{Client, TestResponse, TestShop};

/// Authenticator app, with the recovery codes of the account.
pub struct AuthenticatorApp {
    pub secret: String,
    pub recovery_codes: Vec<String>,
}

impl AuthenticatorApp {
    pub fn new(secret: &str) -> Self {
        Self { secret: secret.to_owned(), recovery_codes: Vec::new() }
    }

    /// Returns the current code.
    pub fn code(&self, shop: &TestShop) -> String {
        self.code_at(shop, 0)
    }

    /// Returns the code of a later time step.
    pub fn code_at(&self, shop: &TestShop, steps: i64) -> String {
        let secret = Secret::try_from_base32(&self.secret).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        let time = shop.app.clock.now().timestamp() + 30 * steps;
        totp.generate(u64::try_from(time).unwrap()).to_string()
    }

    /// Advances the clock to the beginning of a time step, so that the step does not end before the code is used.
    /// Returns the code of a later time step.
    pub fn code_at_step_start(&self, shop: &TestShop, steps: i64) -> String {
        let since = shop.app.clock.now().timestamp_millis().rem_euclid(30_000);
        shop.advance(TimeDelta::milliseconds(30_000 - since));
        self.code_at(shop, steps)
    }

    /// Advances the clock by one time step and returns the new code.
    pub fn next_code(&self, shop: &TestShop) -> String {
        shop.advance(TimeDelta::seconds(30));
        self.code(shop)
    }
}

/// Sets up and confirms an authenticator app.
pub async fn set_up_authenticator(shop: &TestShop, user: &Client) -> AuthenticatorApp {
    let started = user.post("/api/auth/mfa/totp/activate/", json!({"password": PASSWORD})).await.expect(200);
    let mut authenticator = AuthenticatorApp::new(started["secret"].as_str().unwrap());
    let code = authenticator.code(shop);
    let confirmed = user.post("/api/auth/mfa/totp/confirm/", json!({"code": code})).await.expect(200);
    authenticator.recovery_codes = serde_json::from_value(confirmed["recovery_codes"].clone()).unwrap();
    authenticator
}

pub async fn log_in(shop: &TestShop, user: &TestUser) -> TestResponse {
    shop.anonymous().post("/api/auth/login/", json!({"email": user.email, "password": PASSWORD})).await
}

/// Returns the token of a sign-in that requires a second factor.
pub async fn mfa_token(shop: &TestShop, user: &TestUser) -> String {
    let challenge = log_in(shop, user).await.expect(200);
    assert_eq!(challenge["mfa_required"], true, "{challenge}");
    challenge["mfa_token"].as_str().unwrap().to_owned()
}

/// Registers a passkey of the device, named "My laptop".
pub async fn register_passkey(device: &mut Device, user: &Client) -> Value {
    let url = "/api/auth/mfa/passkeys/register";
    let options = user.post(&format!("{url}/begin/"), json!({"password": PASSWORD})).await.expect(200);
    let credential = device.create(&options).await;
    let body = json!({"credential": credential, "name": "My laptop"});
    user.post(&format!("{url}/finish/"), body).await.expect(201)
}
