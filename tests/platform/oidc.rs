//! Providers' keys and documents: found, kept, renewed, and asked for sparingly.

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

fn refused_in_words(words: &str) -> Value {
    json!({"non_field_errors": [words]})
}

#[actix_web::test]
async fn document_and_keys_are_fetched_once_and_kept() {
    let (shop, provider) = shop_and_provider().await;
    for n in 0..3 {
        sign_in(&shop, provider.brought("g-1", "nia@example.com", &format!("n{n}"))).await.expect(200);
    }
    assert_eq!((provider.asked(DISCOVERY), provider.asked("/keys")), (1, 1));

    shop.advance(TimeDelta::minutes(61));
    let mut claims = provider.claims("g-1", "nia@example.com", "later");
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 3660);
    sign_in(&shop, json!({"id_token": provider.sign(&claims), "nonce": "later"})).await.expect(200);
    assert_eq!((provider.asked(DISCOVERY), provider.asked("/keys")), (2, 2));
}

#[actix_web::test]
async fn each_allowed_algorithm_is_understood() {
    for key in
        [SigningKey::elliptic("e"), SigningKey::rsa("r", Algorithm::RS256), SigningKey::rsa("p", Algorithm::PS256)]
    {
        let (shop, provider) = shop_and_provider().await;
        provider.rotate(key);
        sign_in(&shop, provider.brought("g-1", "nia@example.com", "n")).await.expect(200);
    }
}

#[actix_web::test]
async fn a_new_key_is_fetched_and_the_old_one_then_counts_no_more() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "one")).await.expect(200);
    let old = provider.key();

    provider.rotate(SigningKey::elliptic("second"));
    shop.advance(TimeDelta::seconds(61));
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "two")).await.expect(200);

    assert_eq!(provider.asked("/keys"), 2);
    let by_old = old.sign(&provider.claims("g-1", "nia@example.com", "three"));
    let refused = sign_in(&shop, json!({"id_token": by_old, "nonce": "three"})).await;
    assert_eq!(refused.expect(400), refused_in_words("Incorrect value"));
}

#[actix_web::test]
async fn a_flood_of_unknown_keys_is_one_question_a_minute() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "one")).await.expect(200);
    let flood = async || {
        let unknown = (0..20).map(|n| {
            let token =
                SigningKey::elliptic(&format!("unknown-{n}")).sign(&provider.claims("g-9", "x@example.com", "n"));
            sign_in(&shop, json!({"id_token": token, "nonce": "n"}))
        });
        let answers = futures_util::future::join_all(unknown).await;
        answers.iter().for_each(|answer| assert_eq!(answer.expect(400), refused_in_words("Incorrect value")));
    };

    flood().await;
    assert_eq!(provider.asked("/keys"), 1, "fetched less than a minute ago");
    shop.advance(TimeDelta::seconds(61));
    flood().await;
    assert_eq!(provider.asked("/keys"), 2);
    flood().await;
    assert_eq!(provider.asked("/keys"), 2);
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "two")).await.expect(200);
}

#[actix_web::test]
async fn known_keys_outlive_a_provider_that_is_away_for_a_day() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "one")).await.expect(200);
    provider.go_down(true);
    // A good token of that moment.
    let later = |nonce: &str, hours: i64| {
        let mut claims = provider.claims("g-1", "nia@example.com", nonce);
        claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 3600 * hours);
        json!({"id_token": provider.sign(&claims), "nonce": nonce})
    };

    shop.advance(TimeDelta::hours(23));
    sign_in(&shop, later("two", 23)).await.expect(200);

    shop.advance(TimeDelta::hours(1));
    sign_in(&shop, later("three", 24)).await.expect(503);
    provider.go_down(false);
    shop.advance(TimeDelta::seconds(61));
    sign_in(&shop, later("four", 25)).await.expect(200);
}

#[actix_web::test]
async fn a_document_of_another_issuer_is_not_believed() {
    for (name, value) in [
        ("issuer", "https://accounts.google.com"),
        ("issuer", "http://127.0.0.1:1"),
        ("jwks_uri", "http://10.0.0.1/keys"),
        ("jwks_uri", "http://169.254.169.254/latest/meta-data"),
        ("token_endpoint", "ftp://127.0.0.1/token"),
    ] {
        let (shop, provider) = shop_and_provider().await;
        provider.claim_to_be(name, json!(value));

        let answer = sign_in(&shop, provider.brought("g-1", "nia@example.com", "n")).await;

        assert_eq!(answer.expect(503)["code"], "service_unavailable", "{name} {value}");
        assert_eq!((provider.asked("/keys"), provider.asked("/token")), (0, 0));
        assert_eq!(shop.number("select count(*) from users"), 0);
    }
}

#[actix_web::test]
async fn in_production_nothing_inside_is_asked() {
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
        let answer = shop.anonymous().post(url, provider.brought("g-1", "nia@example.com", "n")).await;
        assert_eq!(answer.expect(503)["code"], "service_unavailable");
    }
    assert_eq!(provider.asked(DISCOVERY), 0);
}
