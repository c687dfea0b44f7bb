//! Validation of id_tokens: forged, misdirected, expired and replayed tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{non_field_error, shop_and_provider, sign_in, traces};
use crate::support::TestShop;
use crate::support::fakes::{FakeProvider, SigningKey};

fn token(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// Asserts that every token is rejected and that nothing is written.
async fn assert_rejected(shop: &TestShop, tokens: Vec<(&str, String)>) {
    for (case, token) in tokens {
        let response = sign_in(shop, json!({"id_token": token, "nonce": "n"})).await;
        assert_eq!(response.status.as_u16(), 400, "{case}: {response:?}");
        assert_eq!(response.json(), non_field_error("Incorrect value"), "{case}");
    }
    assert_eq!(traces(shop), [0; 5]);
}

fn valid_claims(provider: &FakeProvider) -> Value {
    provider.claims("g-1", "nia@example.com", "n")
}

/// Valid claims with one replaced, or removed if `value` is null; signed correctly.
fn with(provider: &FakeProvider, name: &str, value: Value) -> String {
    let mut claims = valid_claims(provider);
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    provider.sign(&claims)
}

#[actix_web::test]
async fn token_with_a_forged_signature_is_rejected() {
    let (shop, provider) = shop_and_provider().await;
    let claims = valid_claims(&provider);
    let rsa = SigningKey::rsa("first", Algorithm::RS256);
    provider.rotate(rsa.clone());
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let by_shared_secret = |secret: &[u8]| {
        let header = Header { kid: Some("first".to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let modulus = URL_SAFE_NO_PAD.decode(rsa.jwk["n"].as_str().unwrap()).unwrap();
    let other_key = SigningKey::rsa("first", Algorithm::RS256);
    let elliptic = SigningKey::elliptic("first");
    let valid = rsa.sign(&claims);
    let mut changed = claims.clone();
    changed["sub"] = json!("g-2");

    let mut forged: Vec<(&str, String)> = ["none", "None", "NONE", "nOnE"]
        .map(|name| ("alg none", token(&json!({"alg": name, "kid": "first"}), &claims, "")))
        .into();
    forged.extend([
        ("alg none, signed", token(&json!({"alg": "none", "kid": "first"}), &claims, &signature(&valid))),
        ("HS256 with the public key", by_shared_secret(&modulus)),
        ("HS256 with the public key as JSON", by_shared_secret(rsa.jwk.to_string().as_bytes())),
        ("HS256 with the client secret", by_shared_secret(b"word")),
        ("HS256 with an empty key", by_shared_secret(b"")),
        ("another key with this kid", other_key.sign(&claims)),
        ("another type of key with this kid", elliptic.sign(&claims)),
        (
            "changed claims with the old signature",
            token(&json!({"alg": "RS256", "kid": "first"}), &changed, &signature(&valid)),
        ),
        ("no signature", token(&json!({"alg": "RS256", "kid": "first"}), &claims, "")),
        ("two parts", valid.rsplit_once('.').unwrap().0.to_owned()),
        ("no dots", "nonsense".to_owned()),
        ("RS512", token(&json!({"alg": "RS512", "kid": "first"}), &claims, &signature(&valid))),
    ]);
    assert_rejected(&shop, forged).await;

    sign_in(&shop, json!({"id_token": valid, "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn keys_and_key_urls_in_the_token_header_are_ignored() {
    let (shop, provider) = shop_and_provider().await;
    let attacker = FakeProvider::start().await;
    let own = SigningKey::elliptic("own");
    attacker.rotate(own.clone());
    let jku = format!("{}/keys", attacker.issuer());
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(own.jwk.clone()).unwrap();
    let header = |kid: &str| Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
    let sign = |header: &Header| encode(header, &valid_claims(&provider), &own.encoding).unwrap();

    let forged = vec![
        ("jku", sign(&Header { jku: Some(jku.clone()), ..header("own") })),
        ("jku with a known kid", sign(&Header { jku: Some(jku.clone()), ..header("first") })),
        ("jwk", sign(&Header { jwk: Some(jwk.clone()), ..header("own") })),
        ("jwk with a known kid", sign(&Header { jwk: Some(jwk), ..header("first") })),
        ("x5u", sign(&Header { x5u: Some(jku), ..header("first") })),
        ("kid with a path", sign(&header("../../../../dev/null"))),
        ("kid with SQL", sign(&header("' union select 'first"))),
        ("kid with NUL", sign(&header("\0"))),
        ("kid of 10 kB", sign(&header(&"k".repeat(10_000)))),
    ];
    let (longest, forged): (Vec<_>, Vec<_>) = forged.into_iter().partition(|(_, token)| token.len() > 8192);
    assert_rejected(&shop, forged).await;
    for (case, token) in longest {
        let response = sign_in(&shop, json!({"id_token": token, "nonce": "n"})).await.expect(400);
        assert_eq!(response, json!({"id_token": ["Ensure this field has no more than 8192 characters."]}), "{case}");
    }
    let crit = Header { crit: Some(vec!["exp".to_owned()]), ..header("first") };
    let crit = encode(&crit, &valid_claims(&provider), &provider.key().encoding).unwrap();
    assert_rejected(&shop, vec![("crit", crit)]).await;
    assert_eq!(attacker.request_count("/keys"), 0);
}

#[actix_web::test]
async fn token_with_a_wrong_audience_or_issuer_is_rejected() {
    let (shop, provider) = shop_and_provider().await;
    let other = FakeProvider::start().await;
    other.rotate(provider.key());
    let two_clients = |azp: Value| {
        let mut claims = valid_claims(&provider);
        claims["aud"] = json!(["shop", "shop-app"]);
        claims["azp"] = azp;
        provider.sign(&claims)
    };
    let forged = vec![
        ("another client", with(&provider, "aud", json!("another"))),
        ("no client", with(&provider, "aud", json!([]))),
        ("no audience", with(&provider, "aud", Value::Null)),
        ("this client and another one", with(&provider, "aud", json!(["shop", "another"]))),
        ("two own clients without azp", two_clients(json!(null))),
        ("two own clients with another azp", two_clients(json!("another"))),
        ("similar client id", with(&provider, "aud", json!("shop-"))),
        ("another issuer", provider.sign(&valid_claims(&other))),
        ("issuer with a slash", with(&provider, "iss", json!(format!("{}/", provider.issuer())))),
        ("issuer in capitals", with(&provider, "iss", json!(provider.issuer().to_uppercase()))),
        ("Google's issuer, which is not configured", with(&provider, "iss", json!("accounts.google.com"))),
        ("no issuer", with(&provider, "iss", Value::Null)),
    ];
    assert_rejected(&shop, forged).await;

    let mobile = with(&provider, "aud", json!("shop-app"));
    sign_in(&shop, json!({"id_token": mobile, "nonce": "n"})).await.expect(200);
    let mut claims = provider.claims("g-2", "ben@example.com", "n");
    claims["aud"] = json!(["shop", "shop-app"]);
    claims["azp"] = json!("shop-app");
    sign_in(&shop, json!({"id_token": provider.sign(&claims), "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn token_of_a_code_must_be_issued_to_this_client() {
    let (shop, provider) = shop_and_provider().await;
    let mut claims = valid_claims(&provider);
    claims["aud"] = json!("shop-app");

    let rejected = sign_in(&shop, super::with_code(&provider, &claims)).await.expect(400);

    assert_eq!(rejected, non_field_error("Incorrect value"));
    assert_eq!(traces(&shop), [0; 5]);
}

#[actix_web::test]
async fn token_outside_its_validity_period_is_rejected() {
    let (shop, provider) = shop_and_provider().await;
    let now = valid_claims(&provider)["iat"].as_i64().unwrap();
    let forged = vec![
        ("expired", with(&provider, "exp", json!(now - 70))),
        ("no expiry", with(&provider, "exp", Value::Null)),
        ("expiry is a string", with(&provider, "exp", json!("tomorrow"))),
        ("negative expiry", with(&provider, "exp", json!(-1))),
        ("expiry out of range", with(&provider, "exp", json!(i64::MAX))),
        ("expiry at the end of the range", with(&provider, "exp", json!(8_210_266_876_799_i64))),
        ("issued in the future", with(&provider, "iat", json!(now + 120))),
        ("no issue time", with(&provider, "iat", Value::Null)),
        ("not valid yet", with(&provider, "nbf", json!(now + 120))),
    ];
    assert_rejected(&shop, forged).await;

    let within_clock_skew = with(&provider, "exp", json!(now - 30));
    sign_in(&shop, json!({"id_token": within_clock_skew, "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn token_is_accepted_once_with_its_nonce() {
    let (shop, provider) = shop_and_provider().await;
    let forged = vec![
        ("no nonce", with(&provider, "nonce", Value::Null)),
        ("another nonce", with(&provider, "nonce", json!("N"))),
        ("an empty nonce", with(&provider, "nonce", json!(""))),
        ("nonce is an array", with(&provider, "nonce", json!(["n"]))),
    ];
    assert_rejected(&shop, forged).await;

    let body = provider.id_token_body("g-1", "nia@example.com", "n");
    sign_in(&shop, body.clone()).await.expect(200);
    let before = traces(&shop);
    assert_eq!(sign_in(&shop, body).await.expect(400), non_field_error("Incorrect value"));
    let signed_again = provider.id_token_body("g-1", "nia@example.com", "n");
    assert_eq!(sign_in(&shop, signed_again).await.expect(400), non_field_error("Incorrect value"));
    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn unverified_email_is_rejected() {
    let (shop, provider) = shop_and_provider().await;
    let expected = non_field_error("The provider has not verified this e-mail address.");
    for (name, value) in [
        ("email_verified", json!(false)),
        ("email_verified", Value::Null),
        ("email_verified", json!("false")),
        ("email", Value::Null),
        ("email", json!("not an address")),
        ("email", json!("nia\0@example.com")),
    ] {
        let token = with(&provider, name, value.clone());
        let response = sign_in(&shop, json!({"id_token": token, "nonce": "n"})).await;
        assert_eq!(response.expect(400), expected, "{name} {value}");
    }
    assert_eq!(traces(&shop), [0; 5]);

    let text = with(&provider, "email_verified", json!("true"));
    sign_in(&shop, json!({"id_token": text, "nonce": "n"})).await.expect(200);
}

#[actix_web::test]
async fn invalid_subject_is_rejected_and_names_are_cleaned() {
    let (shop, provider) = shop_and_provider().await;
    let forged = vec![
        ("no subject", with(&provider, "sub", Value::Null)),
        ("an empty subject", with(&provider, "sub", json!(""))),
        ("a subject with NUL", with(&provider, "sub", json!("g\0"))),
        ("a long subject", with(&provider, "sub", json!("g".repeat(256)))),
        ("a numeric subject", with(&provider, "sub", json!(1))),
    ];
    assert_rejected(&shop, forged).await;

    let named = with(&provider, "given_name", json!(format!("\u{0}\r\n{}", "x".repeat(200))));
    let login = sign_in(&shop, json!({"id_token": named, "nonce": "n"})).await.expect(200);
    assert_eq!(login["user"]["first_name"], "x".repeat(150));
}

#[actix_web::test]
async fn provider_token_is_rejected_as_an_access_token() {
    let (shop, provider) = shop_and_provider().await;
    let token = provider.sign(&valid_claims(&provider));
    let bearer = format!("Bearer {token}");

    let response = shop.anonymous().with_header("authorization", &bearer).get("/api/auth/user/").await;

    assert_eq!(response.expect(401)["code"], "token_not_valid");
    let body = json!({"refresh": token});
    assert_eq!(shop.anonymous().post("/api/auth/token/refresh/", body).await.expect(401)["code"], "token_not_valid");
}
