//! Tokens that are not what they seem.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{refused_in_words, shop_and_provider, sign_in, traces};
use crate::support::TestShop;
use crate::support::fakes::{FakeProvider, SigningKey};

fn token(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// Nobody comes in by any of these, and nothing is left behind.
async fn assert_refused(shop: &TestShop, tokens: Vec<(&str, String)>) {
    for (what, token) in tokens {
        let answer = sign_in(shop, json!({"id_token": token, "nonce": "n"})).await;
        assert_eq!(answer.status.as_u16(), 400, "{what}: {answer:?}");
        assert_eq!(answer.json(), refused_in_words("Incorrect value"), "{what}");
    }
    assert_eq!(traces(shop), [0; 5]);
}

fn good(provider: &FakeProvider) -> Value {
    provider.claims("g-1", "nia@example.com", "n")
}

/// Good claims with one of them replaced, or taken away by null; signed as it should be.
fn with(provider: &FakeProvider, name: &str, value: Value) -> String {
    let mut claims = good(provider);
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    provider.sign(&claims)
}

#[actix_web::test]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    let (shop, provider) = shop_and_provider().await;
    let claims = good(&provider);
    let rsa = SigningKey::rsa("first", Algorithm::RS256);
    provider.rotate(rsa.clone());
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let by_shared_secret = |secret: &[u8]| {
        let header = Header { kid: Some("first".to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let modulus = URL_SAFE_NO_PAD.decode(rsa.jwk["n"].as_str().unwrap()).unwrap();
    let stranger = SigningKey::rsa("first", Algorithm::RS256);
    let elliptic = SigningKey::elliptic("first");
    let right = rsa.sign(&claims);
    let mut changed = claims.clone();
    changed["sub"] = json!("g-2");

    let mut forged: Vec<(&str, String)> = ["none", "None", "NONE", "nOnE"]
        .map(|name| ("alg none", token(&json!({"alg": name, "kid": "first"}), &claims, "")))
        .into();
    forged.extend([
        ("alg none, signed", token(&json!({"alg": "none", "kid": "first"}), &claims, &signature(&right))),
        ("HS256 by the public key", by_shared_secret(&modulus)),
        ("HS256 by the public key as JSON", by_shared_secret(rsa.jwk.to_string().as_bytes())),
        ("HS256 by the client's secret", by_shared_secret(b"word")),
        ("HS256 by nothing", by_shared_secret(b"")),
        ("another key of this name", stranger.sign(&claims)),
        ("another kind of key of this name", elliptic.sign(&claims)),
        (
            "other claims, the old signature",
            token(&json!({"alg": "RS256", "kid": "first"}), &changed, &signature(&right)),
        ),
        ("no signature", token(&json!({"alg": "RS256", "kid": "first"}), &claims, "")),
        ("two parts", right.rsplit_once('.').unwrap().0.to_owned()),
        ("no dots", "nonsense".to_owned()),
        ("RS512", token(&json!({"alg": "RS512", "kid": "first"}), &claims, &signature(&right))),
    ]);
    assert_refused(&shop, forged).await;

    sign_in(&shop, json!({"id_token": right, "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn a_header_brings_no_key_and_no_address_of_one() {
    let (shop, provider) = shop_and_provider().await;
    let elsewhere = FakeProvider::start().await;
    let own = SigningKey::elliptic("own");
    elsewhere.rotate(own.clone());
    let jku = format!("{}/keys", elsewhere.issuer());
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(own.jwk.clone()).unwrap();
    let header = |kid: &str| Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
    let sign = |header: &Header| encode(header, &good(&provider), &own.encoding).unwrap();

    let forged = vec![
        ("jku", sign(&Header { jku: Some(jku.clone()), ..header("own") })),
        ("jku with a known kid", sign(&Header { jku: Some(jku.clone()), ..header("first") })),
        ("jwk", sign(&Header { jwk: Some(jwk.clone()), ..header("own") })),
        ("jwk with a known kid", sign(&Header { jwk: Some(jwk), ..header("first") })),
        ("x5u", sign(&Header { x5u: Some(jku), ..header("first") })),
        ("kid of a path", sign(&header("../../../../dev/null"))),
        ("kid of SQL", sign(&header("' union select 'first"))),
        ("kid of NUL", sign(&header("\0"))),
        ("kid of 10 kB", sign(&header(&"k".repeat(10_000)))),
    ];
    let (longest, forged): (Vec<_>, Vec<_>) = forged.into_iter().partition(|(_, token)| token.len() > 8192);
    assert_refused(&shop, forged).await;
    for (what, token) in longest {
        let answer = sign_in(&shop, json!({"id_token": token, "nonce": "n"})).await.expect(400);
        assert_eq!(answer, json!({"id_token": ["Ensure this field has no more than 8192 characters."]}), "{what}");
    }
    let crit = Header { crit: Some(vec!["exp".to_owned()]), ..header("first") };
    let crit = encode(&crit, &good(&provider), &provider.key().encoding).unwrap();
    assert_refused(&shop, vec![("crit", crit)]).await;
    assert_eq!(elsewhere.asked("/keys"), 0);
}

#[actix_web::test]
async fn a_token_for_another_client_or_of_another_issuer_is_refused() {
    let (shop, provider) = shop_and_provider().await;
    let other = FakeProvider::start().await;
    other.rotate(provider.key());
    let two_of_ours = |azp: Value| {
        let mut claims = good(&provider);
        claims["aud"] = json!(["shop", "shop-app"]);
        claims["azp"] = azp;
        provider.sign(&claims)
    };
    let forged = vec![
        ("another client", with(&provider, "aud", json!("another"))),
        ("no client", with(&provider, "aud", json!([]))),
        ("no audience", with(&provider, "aud", Value::Null)),
        ("ours and another's", with(&provider, "aud", json!(["shop", "another"]))),
        ("two of ours, given to nobody", two_of_ours(json!(null))),
        ("two of ours, given to another", two_of_ours(json!("another"))),
        ("like ours", with(&provider, "aud", json!("shop-"))),
        ("another issuer's", provider.sign(&good(&other))),
        ("the issuer with a slash", with(&provider, "iss", json!(format!("{}/", provider.issuer())))),
        ("the issuer in capitals", with(&provider, "iss", json!(provider.issuer().to_uppercase()))),
        ("Google's, which is not configured", with(&provider, "iss", json!("accounts.google.com"))),
        ("no issuer", with(&provider, "iss", Value::Null)),
    ];
    assert_refused(&shop, forged).await;

    let mobile = with(&provider, "aud", json!("shop-app"));
    sign_in(&shop, json!({"id_token": mobile, "nonce": "n"})).await.expect(200);
    let mut claims = provider.claims("g-2", "ben@example.com", "n");
    claims["aud"] = json!(["shop", "shop-app"]);
    claims["azp"] = json!("shop-app");
    sign_in(&shop, json!({"id_token": provider.sign(&claims), "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn a_token_for_an_app_does_not_come_with_a_code() {
    let (shop, provider) = shop_and_provider().await;
    let mut claims = good(&provider);
    claims["aud"] = json!("shop-app");

    let refused = sign_in(&shop, super::with_code(&provider, &claims)).await.expect(400);

    assert_eq!(refused, refused_in_words("Incorrect value"));
    assert_eq!(traces(&shop), [0; 5]);
}

#[actix_web::test]
async fn a_token_out_of_its_time_is_refused() {
    let (shop, provider) = shop_and_provider().await;
    let now = good(&provider)["iat"].as_i64().unwrap();
    let forged = vec![
        ("expired", with(&provider, "exp", json!(now - 70))),
        ("never", with(&provider, "exp", Value::Null)),
        ("expires as a word", with(&provider, "exp", json!("tomorrow"))),
        ("expires before time began", with(&provider, "exp", json!(-1))),
        ("expires beyond the calendar", with(&provider, "exp", json!(i64::MAX))),
        ("expires at the calendar's end", with(&provider, "exp", json!(8_210_266_876_799_i64))),
        ("from the future", with(&provider, "iat", json!(now + 120))),
        ("from no time", with(&provider, "iat", Value::Null)),
        ("not yet", with(&provider, "nbf", json!(now + 120))),
    ];
    assert_refused(&shop, forged).await;

    let just_over = with(&provider, "exp", json!(now - 30));
    sign_in(&shop, json!({"id_token": just_over, "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn a_token_counts_for_its_own_sign_in_and_once() {
    let (shop, provider) = shop_and_provider().await;
    let forged = vec![
        ("no nonce", with(&provider, "nonce", Value::Null)),
        ("another nonce", with(&provider, "nonce", json!("N"))),
        ("an empty nonce", with(&provider, "nonce", json!(""))),
        ("a nonce that is a list", with(&provider, "nonce", json!(["n"]))),
    ];
    assert_refused(&shop, forged).await;

    let body = provider.brought("g-1", "nia@example.com", "n");
    sign_in(&shop, body.clone()).await.expect(200);
    let before = traces(&shop);
    assert_eq!(sign_in(&shop, body).await.expect(400), refused_in_words("Incorrect value"));
    let signed_again = provider.brought("g-1", "nia@example.com", "n");
    assert_eq!(sign_in(&shop, signed_again).await.expect(400), refused_in_words("Incorrect value"));
    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn nobody_comes_in_by_an_address_that_was_not_verified() {
    let (shop, provider) = shop_and_provider().await;
    let words = refused_in_words("The provider has not verified this e-mail address.");
    for (name, value) in [
        ("email_verified", json!(false)),
        ("email_verified", Value::Null),
        ("email_verified", json!("false")),
        ("email", Value::Null),
        ("email", json!("not an address")),
        ("email", json!("nia\0@example.com")),
    ] {
        let token = with(&provider, name, value.clone());
        let answer = sign_in(&shop, json!({"id_token": token, "nonce": "n"})).await;
        assert_eq!(answer.expect(400), words, "{name} {value}");
    }
    assert_eq!(traces(&shop), [0; 5]);

    let in_words = with(&provider, "email_verified", json!("true"));
    sign_in(&shop, json!({"id_token": in_words, "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn a_subject_is_somebody_and_names_are_only_names() {
    let (shop, provider) = shop_and_provider().await;
    let forged = vec![
        ("no subject", with(&provider, "sub", Value::Null)),
        ("an empty subject", with(&provider, "sub", json!(""))),
        ("a subject of NUL", with(&provider, "sub", json!("g\0"))),
        ("a long subject", with(&provider, "sub", json!("g".repeat(256)))),
        ("a subject of numbers", with(&provider, "sub", json!(1))),
    ];
    assert_refused(&shop, forged).await;

    let named = with(&provider, "given_name", json!(format!("\u{0}\r\n{}", "x".repeat(200))));
    let login = sign_in(&shop, json!({"id_token": named, "nonce": "n"})).await.expect(200);
    assert_eq!(login["user"]["first_name"], "x".repeat(150));
}

#[actix_web::test]
async fn a_providers_token_is_no_access_token_of_ours() {
    let (shop, provider) = shop_and_provider().await;
    let token = provider.sign(&good(&provider));
    let bearer = format!("Bearer {token}");

    let answer = shop.anonymous().with_header("authorization", &bearer).get("/api/auth/user/").await;

    assert_eq!(answer.expect(401)["code"], "token_not_valid");
    let body = json!({"refresh": token});
    assert_eq!(shop.anonymous().post("/api/auth/token/refresh/", body).await.expect(401)["code"], "token_not_valid");
}
