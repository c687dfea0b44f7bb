//! What people have at hand to show who they are, besides a password.

use chrono::TimeDelta;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::fakes::Device;
use super::shop::{PASSWORD, Person};
use super::{Client, TestResponse, TestShop};

/// An authenticator app on somebody's telephone, and the codes they wrote down.
pub struct Telephone {
    pub secret: String,
    pub recovery_codes: Vec<String>,
}

impl Telephone {
    pub fn new(secret: &str) -> Self {
        Self { secret: secret.to_owned(), recovery_codes: Vec::new() }
    }

    /// What it shows now.
    pub fn shows(&self, shop: &TestShop) -> String {
        self.shows_at(shop, 0)
    }

    /// What it shows so many steps later.
    pub fn shows_at(&self, shop: &TestShop, steps: i64) -> String {
        let secret = Secret::try_from_base32(&self.secret).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        let time = shop.app.clock.now().timestamp() + 30 * steps;
        totp.generate(u64::try_from(time).unwrap()).to_string()
    }

    /// Puts the shop's clock to where a step begins, so that none ends before the code is used, and shows what is so
    /// many steps later.
    pub fn shows_in_time(&self, shop: &TestShop, steps: i64) -> String {
        let since = shop.app.clock.now().timestamp_millis().rem_euclid(30_000);
        shop.advance(TimeDelta::milliseconds(30_000 - since));
        self.shows_at(shop, steps)
    }

    /// A code that was not shown yet.
    pub fn next(&self, shop: &TestShop) -> String {
        shop.advance(TimeDelta::seconds(30));
        self.shows(shop)
    }
}

/// Somebody's telephone, set up and confirmed.
pub async fn telephone_of(shop: &TestShop, person: &Client) -> Telephone {
    let begun = person.post("/api/auth/mfa/totp/activate/", json!({"password": PASSWORD})).await.expect(200);
    let mut telephone = Telephone::new(begun["secret"].as_str().unwrap());
    let code = telephone.shows(shop);
    let confirmed = person.post("/api/auth/mfa/totp/confirm/", json!({"code": code})).await.expect(200);
    telephone.recovery_codes = serde_json::from_value(confirmed["recovery_codes"].clone()).unwrap();
    telephone
}

pub async fn log_in(shop: &TestShop, person: &Person) -> TestResponse {
    shop.anonymous().post("/api/auth/login/", json!({"email": person.email, "password": PASSWORD})).await
}

/// The token of a sign-in that waits for a second factor.
pub async fn mfa_token(shop: &TestShop, person: &Person) -> String {
    let waiting = log_in(shop, person).await.expect(200);
    assert_eq!(waiting["mfa_required"], true, "{waiting}");
    waiting["mfa_token"].as_str().unwrap().to_owned()
}

/// Makes a passkey on somebody's device, "My laptop".
pub async fn enrol(device: &mut Device, person: &Person) -> Value {
    let url = "/api/auth/mfa/passkeys/register";
    let options = person.post(&format!("{url}/begin/"), json!({"password": PASSWORD})).await.expect(200);
    let credential = device.create(&options).await;
    let body = json!({"credential": credential, "name": "My laptop"});
    person.post(&format!("{url}/finish/"), body).await.expect(201)
}
