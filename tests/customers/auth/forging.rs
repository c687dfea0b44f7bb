//! Tokens that somebody made who has the shop's key, or has not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use mercer::platform::auth::MasterKey;
use mercer::schema::signing_keys;
use serde_json::{Value, json};

use super::claims;
use crate::support::TestShop;
use crate::support::shop::Person;

/// Somebody with the shop's own signing key: what they make is refused for what it says.
pub(super) struct Forger {
    key: EncodingKey,
    pub kid: String,
}

impl Forger {
    pub(super) fn new(shop: &TestShop) -> Self {
        let (kid, sealed): (String, Vec<u8>) =
            shop.sql(|conn| signing_keys::table.select((signing_keys::id, signing_keys::private_key)).first(conn));
        let master = MasterKey::new("only for tests, and nowhere else").unwrap();
        let private = master.open("signing key", &sealed).unwrap();
        Self { key: EncodingKey::from_ec_der(&private), kid }
    }

    /// Signed with the shop's key, naming it or another.
    pub(super) fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = kid.map(str::to_owned);
        encode(&header, claims, &self.key).unwrap()
    }

    /// Somebody's access token with one claim changed, or taken away by null; signed well.
    pub(super) fn changed(&self, person: &Person, name: &str, value: Value) -> String {
        let mut claims = claims(person.token.as_deref().unwrap());
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        self.sign(Some(&self.kid), &claims)
    }
}

/// A token of any header, with this for a signature.
pub(super) fn assembled(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[actix_web::test]
async fn the_forger_can_make_a_token_that_is_good() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);

    let token = forger.changed(&ana, "jti", json!("another"));

    assert_eq!(super::status_with(&shop, &token).await, 200);
}
