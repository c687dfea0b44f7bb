//! Forged, malformed and expired tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::forged_tokens::{Forger, assembled};
use super::{claims, client_with_token, refresh, status_with};
use crate::support::TestShop;
use crate::support::shop::{PASSWORD, TestUser};

async fn assert_rejected(shop: &TestShop, token: &str) {
    let response = client_with_token(shop, token).get("/api/auth/user/").await;
    assert_eq!(response.header("www-authenticate"), Some("Bearer realm=\"api\""));
    assert_eq!(
        response.expect(401),
        json!({
            "detail": "Given token not valid for any token type",
            "code": "token_not_valid",
            "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid"}],
        })
    );
}

fn access(person: &TestUser) -> &str {
    person.token.as_deref().unwrap()
}

#[actix_web::test]
async fn unsigned_token_is_rejected_in_every_spelling() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let kid = Forger::new(&shop).kid;

    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": alg, "typ": "JWT", "kid": kid});
        let signature = access(&ana).rsplit('.').next().unwrap();
        for signature in ["", signature] {
            assert_rejected(&shop, &assembled(&header, &claims(access(&ana)), signature)).await;
        }
    }
    // The right algorithm, and an empty signature.
    let (unsigned, _) = access(&ana).rsplit_once('.').unwrap();
    assert_rejected(&shop, &format!("{unsigned}.")).await;
    assert_rejected(&shop, unsigned).await;
}

#[actix_web::test]
async fn token_signed_with_the_public_key_as_hmac_secret_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let set = shop.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let jwk = &set["keys"][0];
    let [x, y] = ["x", "y"].map(|name| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap());
    let point = [vec![4], x, y].concat();
    let secrets = [jwk.to_string().into_bytes(), set.to_string().into_bytes(), point[1..].to_vec(), point, Vec::new()];

    for secret in &secrets {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = jwk["kid"].as_str().map(str::to_owned);
        let key = EncodingKey::from_secret(secret);
        let token = encode(&header, &claims(access(&ana)), &key).unwrap();
        assert_rejected(&shop, &token).await;
    }
}

#[actix_web::test]
async fn token_with_an_unknown_key_id_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);
    let claims = claims(access(&ana));

    for kid in [None, Some(""), Some("other"), Some("../../etc/passwd"), Some("' or 1=1 --")] {
        assert_rejected(&shop, &forger.sign(kid, &claims)).await;
    }
}

#[actix_web::test]
async fn token_of_another_shop_is_rejected() {
    let shop = TestShop::new().await;
    let other = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let [own, foreign] = [Forger::new(&shop), Forger::new(&other)];

    let token = foreign.sign(Some(&own.kid), &claims(access(&ana)));

    assert_rejected(&shop, &token).await;
    assert_rejected(&other, access(&ana)).await;
}

#[actix_web::test]
async fn key_in_the_token_header_is_ignored() {
    let shop = TestShop::new().await;
    let other = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let set = other.anonymous().get("/.well-known/jwks.json").await.json();
    let foreign = Forger::new(&other);
    let signed = foreign.sign(Some(&foreign.kid), &claims(access(&ana)));
    let header = json!({
        "alg": "ES256", "typ": "JWT", "kid": foreign.kid, "jwk": set["keys"][0], "jku": "http://127.0.0.1:1/jwks.json",
    });

    let signature = signed.rsplit('.').next().unwrap();

    assert_rejected(&shop, &assembled(&header, &claims(access(&ana)), signature)).await;
}

#[actix_web::test]
async fn refresh_token_is_rejected_as_an_access_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    assert_rejected(&shop, &ana.refresh).await;
    super::assert_not_valid(&refresh(&shop, access(&ana)).await);
}

#[actix_web::test]
async fn access_token_expires_after_five_minutes() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    shop.advance(TimeDelta::seconds(290));
    assert_eq!(status_with(&shop, access(&ana)).await, 200);

    shop.advance(TimeDelta::seconds(11));
    assert_rejected(&shop, access(&ana)).await;
}

#[actix_web::test]
async fn token_with_a_changed_payload_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let root = shop.superuser().await;
    let mut changed = claims(access(&ana));
    for name in ["sid", "user_id"] {
        changed[name] = claims(access(&root))[name].clone();
    }
    let parts: Vec<_> = access(&ana).split('.').collect();

    let payload = URL_SAFE_NO_PAD.encode(changed.to_string());

    assert_rejected(&shop, &[parts[0], &payload, parts[2]].join(".")).await;
    assert_rejected(&shop, &format!("{}.", access(&ana))).await;
    assert_rejected(&shop, &format!("{}x", access(&ana))).await;
}

#[actix_web::test]
async fn token_with_wrong_claims_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);

    let changes = [
        ("iss", json!("https://elsewhere.example")),
        ("iss", json!("")),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("token_type", json!("refresh")),
        ("token_type", json!("sliding")),
        ("exp", json!("never")),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("sid", json!("not a session")),
    ];

    for (name, value) in changes {
        assert_rejected(&shop, &forger.changed(&ana, name, value)).await;
    }
}

#[actix_web::test]
async fn token_without_a_required_claim_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let forger = Forger::new(&shop);

    for name in ["exp", "iat", "jti", "token_type", "user_id", "sid", "iss", "aud"] {
        assert_rejected(&shop, &forger.changed(&ana, name, Value::Null)).await;
    }
}

#[actix_web::test]
async fn token_of_an_unknown_session_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let unknown = json!("01900000-0000-7000-8000-000000000000");

    assert_rejected(&shop, &Forger::new(&shop).changed(&ana, "sid", unknown)).await;
}

#[actix_web::test]
async fn very_long_token_is_rejected() {
    let shop = TestShop::new().await;

    assert_rejected(&shop, &"a".repeat(1 << 14)).await;
    assert_rejected(&shop, &".".repeat(1 << 14)).await;
    let response = client_with_token(&shop, &"a".repeat(1 << 20)).get("/api/auth/user/").await;
    assert_eq!(response.expect(431)["code"], "request_too_large");
}

#[actix_web::test]
async fn authorization_header_must_have_two_values() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for value in ["Bearer", "Bearer ", &format!("Bearer {} b", access(&ana)), "JWT", "Token a b"] {
        let response = shop.anonymous().with_header("authorization", value).get("/api/auth/user/").await;
        assert_eq!(
            response.expect(401),
            json!({
                "detail": "Authorization header must contain two space-delimited values",
                "code": "bad_authorization_header",
            })
        );
    }
}

#[actix_web::test]
async fn schemes_jwt_and_token_are_accepted() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for scheme in ["Bearer", "JWT", "Token"] {
        let client = shop.anonymous().with_header("authorization", &format!("{scheme} {}", access(&ana)));
        assert_eq!(client.get("/api/auth/user/").await.status, 200, "{scheme}");
    }
}

#[actix_web::test]
async fn other_authorization_schemes_are_ignored() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for scheme in ["Basic", "bearer", "Digest"] {
        let client = shop.anonymous().with_header("authorization", &format!("{scheme} {}", access(&ana)));
        let response = client.get("/api/auth/user/").await;
        assert_eq!(response.expect(401)["code"], "not_authenticated", "{scheme}");
        assert_eq!(client.get("/api/products/").await.status, 200, "{scheme}");
    }
}

#[actix_web::test]
async fn invalid_token_is_rejected_by_public_endpoints() {
    let shop = TestShop::new().await;

    let client = client_with_token(&shop, "x.y.z");

    for url in ["/api/products/", "/api/categories/tree/", "/api/nowhere/"] {
        assert_eq!(client.get(url).await.expect(401)["code"], "token_not_valid", "{url}");
    }
}

#[actix_web::test]
async fn sign_in_and_refresh_ignore_an_invalid_access_token() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let client = client_with_token(&shop, "x.y.z");

    client.post("/api/auth/login/", json!({"email": ana.email, "password": PASSWORD})).await.expect(200);
    client.post("/api/token/refresh/", json!({"refresh": ana.refresh})).await.expect(200);
    assert_eq!(client.get("/health/live").await.status, 200);
}

#[actix_web::test]
async fn permissions_are_checked_with_every_request() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    assert_eq!(staff.get("/api/stocks/").await.status, 200);

    shop.execute("update users set is_staff = false");

    assert_eq!(staff.get("/api/stocks/").await.expect(403)["code"], "permission_denied");
    let body = json!({"email": staff.email, "password": PASSWORD});
    shop.anonymous().post("/api/auth/token/", body).await.expect(200);
}
