//! Tokens that a test signs itself, with or without the key of the shop.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use mercer::platform::auth::MasterKey;
use mercer::schema::signing_keys;
use serde_json::{Value, json};

use super::claims;
use crate::support::TestShop;
use crate::support::shop::TestUser;

/// Signer with the signing key of the shop. The server rejects its tokens because of their claims, not their signature.
pub(super) struct Forger {
    key: EncodingKey,
    pub kid: String,
}

impl Forger {
    pub(super) fn new(shop: &TestShop) -> Self {
        let (kid, encrypted): (String, Vec<u8>) =
            shop.sql(|conn| signing_keys::table.select((signing_keys::id, signing_keys::private_key)).first(conn));
        let key = MasterKey::new("only for tests, and nowhere else").unwrap();
        let private = key.decrypt("signing key", &encrypted).unwrap();
        Self { key: EncodingKey::from_ec_der(&private), kid }
    }

    /// Signs claims with the shop's key. The header contains `kid`, which can name another key.
    pub(super) fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = kid.map(str::to_owned);
        encode(&header, claims, &self.key).unwrap()
    }

    /// Returns the access token of a user with one claim changed, or removed by null, and a valid signature.
    pub(super) fn changed(&self, user: &TestUser, name: &str, value: Value) -> String {
        let mut claims = claims(user.token.as_deref().unwrap());
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        self.sign(Some(&self.kid), &claims)
    }
}

/// Assembles a token from a header, claims and a signature.
pub(super) fn assembled(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[actix_web::test]
async fn token_forger_can_sign_a_valid_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);

    let token = forger.changed(&ana, "jti", json!("another"));

    assert_eq!(super::status_with(&shop, &token).await, 200);
}
