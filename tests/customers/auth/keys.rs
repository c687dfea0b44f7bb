//! The keys that tokens are signed with.

use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use mercer::platform::auth::{MasterKey, TokenKeys};
use serde_json::{Value, json};

use super::claims;
use crate::support::TestShop;

const URL: &str = "/.well-known/jwks.json";

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

#[actix_web::test]
async fn a_program_that_starts_later_uses_the_same_key() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let now = shop.app.clock.now();

    let again = shop
        .app
        .db
        .write_blocking(|conn| {
            let master = Arc::new(MasterKey::new("only for tests, and nowhere else").unwrap());
            let keys = TokenKeys::load(conn, master, "http://127.0.0.1:8000", 300, now).unwrap();
            Ok::<_, diesel::result::Error>(keys.check_access(ana.token.as_deref().unwrap(), now).is_ok())
        })
        .unwrap();

    assert!(again);
    assert_eq!(shop.number("select count(*) from signing_keys"), 1);
}

#[actix_web::test]
async fn a_retired_key_still_verifies_and_no_longer_signs() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update signing_keys set retired_at = now()");
    let now = shop.app.clock.now();

    let keys = shop
        .app
        .db
        .write_blocking(|conn| {
            let master = Arc::new(MasterKey::new("only for tests, and nowhere else").unwrap());
            TokenKeys::load(conn, master, "http://127.0.0.1:8000", 300, now)
                .map_err(mercer::platform::error::Problem::internal)
        })
        .unwrap();

    assert!(keys.check_access(ana.token.as_deref().unwrap(), now).is_ok());
    assert_eq!(keys.public_set().keys.len(), 2);
    let newest = keys.public_set().keys[0].common.key_id.clone();
    assert_ne!(newest, decode_header(ana.token.as_deref().unwrap()).unwrap().kid);
}

#[actix_web::test]
async fn keys_sealed_under_another_secret_are_not_opened() {
    let shop = TestShop::new().await;
    let now = shop.app.clock.now();

    let refused = shop.app.db.write_blocking(|conn| {
        let master = Arc::new(MasterKey::new("another secret, of another shop, as it were").unwrap());
        TokenKeys::load(conn, master, "http://127.0.0.1:8000", 300, now)
            .map(|_| ())
            .map_err(mercer::platform::error::Problem::internal)
    });

    assert!(refused.unwrap_err().to_string().contains("MERCER_SECRET_KEY"));
}
