//! Signing keys of tokens: publication, encryption and loading.

use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use mercer::platform::auth::{KeySettings, MasterKey, TokenKeys};
use serde_json::{Value, json};

use super::claims;
use crate::support::TestShop;

const URL: &str = "/.well-known/jwks.json";

const SECRET: &str = "only for tests, and nowhere else";

#[actix_web::test]
async fn access_token_is_verified_by_the_published_keys() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let token = ana.token.as_deref().unwrap();

    let response = shop.anonymous().get(URL).await;
    let set: JwkSet = serde_json::from_value(response.expect(200)).unwrap();
    let header = decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["mercer"]);
    validation.set_issuer(&["http://127.0.0.1:8000"]);
    let verified = decode::<Value>(token, &key, &validation).unwrap();

    assert_eq!(header.alg, Algorithm::ES256);
    assert_eq!(verified.claims, claims(token));
    assert_eq!(response.header("cache-control"), Some("public, max-age=300"));
}

#[actix_web::test]
async fn private_keys_are_neither_published_nor_stored_in_plain_text() {
    let shop = TestShop::new().await;

    let set = shop.anonymous().get(URL).await.expect(200);

    let [key] = set["keys"].as_array().unwrap().as_slice() else { panic!("{set}") };
    let mut names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(
        (&key["alg"], &key["crv"], &key["kty"], &key["use"]),
        (&json!("ES256"), &json!("P-256"), &json!("EC"), &json!("sig"))
    );
    // Prefix of an unencrypted PKCS #8 key.
    let plain = "select count(*) from signing_keys where public_jwk ? 'd' or substr(private_key, 1, 3) = '\\x308187'";
    assert_eq!(shop.number(plain), 0);
}

/// Loads the keys as a process with this secret does.
fn keys_under(shop: &TestShop, secret: &str) -> anyhow::Result<TokenKeys> {
    let settings = KeySettings { issuer: "http://127.0.0.1:8000".to_owned(), access_seconds: 300, token_days: 30 };
    let master = Arc::new(MasterKey::new(secret).unwrap());
    TokenKeys::open(shop.app.db.clone(), master, settings, shop.app.clock.now())
}

#[actix_web::test]
async fn second_process_uses_the_same_signing_key() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let keys = keys_under(&shop, SECRET).unwrap();

    assert!(keys.verify_access(ana.token.as_deref().unwrap(), shop.app.clock.now()).await.is_ok());
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}

#[actix_web::test]
async fn retired_key_verifies_but_does_not_sign() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update signing_keys set retired_at = now()");
    let now = shop.app.clock.now();

    let keys = keys_under(&shop, SECRET).unwrap();

    assert!(keys.verify_access(ana.token.as_deref().unwrap(), now).await.is_ok());
    let published = keys.published(now).await;
    assert_eq!(published.keys.len(), 2);
    assert_ne!(published.keys[0].common.key_id, decode_header(ana.token.as_deref().unwrap()).unwrap().kid);
}

#[actix_web::test]
async fn keys_encrypted_with_another_secret_cannot_be_decrypted() {
    let shop = TestShop::new().await;

    let rejected = keys_under(&shop, "another secret, of another shop, as it were").err().unwrap();

    assert!(rejected.to_string().contains("MERCER_SECRET_KEY"), "{rejected:#}");
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}
