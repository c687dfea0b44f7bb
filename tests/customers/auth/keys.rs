//! The keys that tokens are signed with.

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
async fn the_published_keys_verify_an_access_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let token = ana.token.as_deref().unwrap();

    let answer = shop.anonymous().get(URL).await;
    let set: JwkSet = serde_json::from_value(answer.expect(200)).unwrap();
    let header = decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["mercer"]);
    validation.set_issuer(&["http://127.0.0.1:8000"]);
    let verified = decode::<Value>(token, &key, &validation).unwrap();

    assert_eq!(header.alg, Algorithm::ES256);
    assert_eq!(verified.claims, claims(token));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
}

#[actix_web::test]
async fn no_private_part_is_published_or_kept_in_the_open() {
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
    // What PKCS #8 begins with.
    let open = "select count(*) from signing_keys where public_jwk ? 'd' or substr(private_key, 1, 3) = '\\x308187'";
    assert_eq!(shop.number(open), 0);
}

/// The keys as a program with this secret would open them.
fn keys_under(shop: &TestShop, secret: &str) -> anyhow::Result<TokenKeys> {
    let settings = KeySettings { issuer: "http://127.0.0.1:8000".to_owned(), access_seconds: 300, token_days: 30 };
    let master = Arc::new(MasterKey::new(secret).unwrap());
    TokenKeys::open(shop.app.db.clone(), master, settings, shop.app.clock.now())
}

#[actix_web::test]
async fn a_program_that_starts_later_uses_the_same_key() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let keys = keys_under(&shop, SECRET).unwrap();

    assert!(keys.check_access(ana.token.as_deref().unwrap(), shop.app.clock.now()).await.is_ok());
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}

#[actix_web::test]
async fn a_retired_key_still_verifies_and_no_longer_signs() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update signing_keys set retired_at = now()");
    let now = shop.app.clock.now();

    let keys = keys_under(&shop, SECRET).unwrap();

    assert!(keys.check_access(ana.token.as_deref().unwrap(), now).await.is_ok());
    let published = keys.published(now).await;
    assert_eq!(published.keys.len(), 2);
    assert_ne!(published.keys[0].common.key_id, decode_header(ana.token.as_deref().unwrap()).unwrap().kid);
}

#[actix_web::test]
async fn keys_sealed_under_another_secret_are_not_opened() {
    let shop = TestShop::new().await;

    let refused = keys_under(&shop, "another secret, of another shop, as it were").err().unwrap();

    assert!(refused.to_string().contains("MERCER_SECRET_KEY"), "{refused:#}");
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}
