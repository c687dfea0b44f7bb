//! Discovery documents and keys of providers: fetching, caching and rotation.

use chrono::TimeDelta;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::support::fakes::{FakeProvider, SigningKey};
use crate::support::{TestResponse, TestShop};

const DISCOVERY: &str = "/.well-known/openid-configuration";

async fn shop_and_provider() -> (TestShop, FakeProvider) {
    let provider = FakeProvider::start().await;
    (provider.shop(&[]).await, provider)
}

async fn sign_in(shop: &TestShop, body: Value) -> TestResponse {
    shop.anonymous().post("/api/auth/google/", body).await
}

fn non_field_error(message: &str) -> Value {
    json!({"non_field_errors": [message]})
}

#[actix_web::test]
async fn discovery_document_and_keys_are_cached() {
    let (shop, provider) = shop_and_provider().await;
    for n in 0..3 {
        sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", &format!("n{n}"))).await.expect(200);
    }
    assert_eq!((provider.request_count(DISCOVERY), provider.request_count("/keys")), (1, 1));

    shop.advance(TimeDelta::minutes(61));
    let mut claims = provider.claims("g-1", "nia@example.com", "later");
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 3660);
    sign_in(&shop, json!({"id_token": provider.sign(&claims), "nonce": "later"})).await.expect(200);
    assert_eq!((provider.request_count(DISCOVERY), provider.request_count("/keys")), (2, 2));
}

#[actix_web::test]
async fn every_allowed_algorithm_is_accepted() {
    for key in
        [SigningKey::elliptic("e"), SigningKey::rsa("r", Algorithm::RS256), SigningKey::rsa("p", Algorithm::PS256)]
    {
        let (shop, provider) = shop_and_provider().await;
        provider.rotate(key);
        sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "n")).await.expect(200);
    }
}

#[actix_web::test]
async fn rotated_key_is_fetched_and_the_old_key_is_rejected() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);
    let old = provider.key();

    provider.rotate(SigningKey::elliptic("second"));
    shop.advance(TimeDelta::seconds(61));
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "two")).await.expect(200);

    assert_eq!(provider.request_count("/keys"), 2);
    let by_old = old.sign(&provider.claims("g-1", "nia@example.com", "three"));
    let rejected = sign_in(&shop, json!({"id_token": by_old, "nonce": "three"})).await;
    assert_eq!(rejected.expect(400), non_field_error("Incorrect value"));
}

#[actix_web::test]
async fn unknown_keys_cause_at_most_one_request_a_minute() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);
    let flood = async || {
        let unknown = (0..20).map(|n| {
            let token =
                SigningKey::elliptic(&format!("unknown-{n}")).sign(&provider.claims("g-9", "x@example.com", "n"));
            sign_in(&shop, json!({"id_token": token, "nonce": "n"}))
        });
        let responses = futures_util::future::join_all(unknown).await;
        responses.iter().for_each(|response| assert_eq!(response.expect(400), non_field_error("Incorrect value")));
    };

    flood().await;
    assert_eq!(provider.request_count("/keys"), 1, "fetched less than a minute ago");
    shop.advance(TimeDelta::seconds(61));
    flood().await;
    assert_eq!(provider.request_count("/keys"), 2);
    flood().await;
    assert_eq!(provider.request_count("/keys"), 2);
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "two")).await.expect(200);
}

#[actix_web::test]
async fn cached_keys_are_used_for_a_day_while_the_provider_is_unavailable() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);
    provider.set_down(true);
    // Body with a token that is valid after this many hours.
    let later = |nonce: &str, hours: i64| {
        let mut claims = provider.claims("g-1", "nia@example.com", nonce);
        claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 3600 * hours);
        json!({"id_token": provider.sign(&claims), "nonce": nonce})
    };

    shop.advance(TimeDelta::hours(23));
    sign_in(&shop, later("two", 23)).await.expect(200);

    shop.advance(TimeDelta::hours(1));
    sign_in(&shop, later("three", 24)).await.expect(503);
    provider.set_down(false);
    shop.advance(TimeDelta::seconds(61));
    sign_in(&shop, later("four", 25)).await.expect(200);
}

#[actix_web::test]
async fn discovery_document_of_another_issuer_is_rejected() {
    for (name, value) in [
        ("issuer", "https://accounts.google.com"),
        ("issuer", "http://127.0.0.1:1"),
        ("jwks_uri", "http://10.0.0.1/keys"),
        ("jwks_uri", "http://169.254.169.254/latest/meta-data"),
        ("token_endpoint", "ftp://127.0.0.1/token"),
    ] {
        let (shop, provider) = shop_and_provider().await;
        provider.set_discovery(name, json!(value));

        let response = sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "n")).await;

        assert_eq!(response.expect(503)["code"], "service_unavailable", "{name} {value}");
        assert_eq!((provider.request_count("/keys"), provider.request_count("/token")), (0, 0));
        assert_eq!(shop.number("select count(*) from users"), 0);
    }
}

#[actix_web::test]
async fn production_sends_no_requests_to_private_addresses() {
    let provider = FakeProvider::start().await;
    let issuer = provider.issuer().replace("http://", "https://");
    let production = [
        ("MERCER_ENV", "production"),
        ("MERCER_SECRET_KEY", "only for tests, and nowhere else: thirty-two"),
        ("MERCER_PUBLIC_URL", "https://shop.example"),
        ("BCRYPT_COST", "10"),
        ("OIDC_GOOGLE_ISSUER", &issuer),
        ("OIDC_ACME_ISSUER", "https://localhost:1"),
    ];
    let shop = provider.shop(&production).await;

    for url in ["/api/auth/google/", "/api/auth/oidc/acme/"] {
        let response = shop.anonymous().post(url, provider.id_token_body("g-1", "nia@example.com", "n")).await;
        assert_eq!(response.expect(503)["code"], "service_unavailable");
    }
    assert_eq!(provider.request_count(DISCOVERY), 0);
}
