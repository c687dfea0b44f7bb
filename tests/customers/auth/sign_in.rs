//! Sign-in with e-mail address and password.

use serde_json::{Value, json};

use super::{claims, client_with_token, text};
use crate::support::shop::PASSWORD;
use crate::support::{TestResponse, TestShop};

const LOGIN: &str = "/api/auth/login/";
const TOKEN: &str = "/api/auth/token/";

async fn post(shop: &TestShop, url: &str, body: Value) -> TestResponse {
    shop.anonymous().post(url, body).await
}

fn sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions")
}

/// Asserts that `login/` rejects the credentials like dj-rest-auth, and `token/` like simplejwt.
async fn assert_rejected(shop: &TestShop, body: Value) {
    let before = sessions(shop);

    let login = post(shop, LOGIN, body.clone()).await;
    assert_eq!(login.expect(400), json!({"non_field_errors": ["Unable to log in with provided credentials."]}));
    for url in [TOKEN, "/api/token/"] {
        let token = post(shop, url, body.clone()).await;
        assert_eq!(token.header("www-authenticate"), Some("Bearer realm=\"api\""));
        assert_eq!(
            token.expect(401),
            json!({
                "detail": "No active account found with the given credentials", "code": "no_active_account"
            })
        );
    }

    assert_eq!(sessions(shop), before);
}

#[actix_web::test]
async fn login_returns_tokens_and_user() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let body = post(&shop, LOGIN, json!({"email": " ANA@example.com ", "password": PASSWORD})).await.expect(200);

    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["access", "refresh", "user"]);
    assert_eq!(body["user"], json!({"pk": ana.user, "email": "ana@example.com", "first_name": "ana", "last_name": ""}));
    let user = client_with_token(&shop, &text(&body, "access")).get("/api/auth/user/").await;
    assert_eq!(user.expect(200), body["user"]);
}

#[actix_web::test]
async fn token_endpoint_returns_only_the_token_pair() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    for url in [TOKEN, "/api/token/"] {
        let body = post(&shop, url, json!({"email": "ana@example.com", "password": PASSWORD})).await.expect(200);
        let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["access", "refresh"]);
    }
}

#[actix_web::test]
async fn email_can_be_sent_as_username() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    for url in [LOGIN, TOKEN] {
        let body = json!({"username": "Ana@example.com", "password": PASSWORD});
        post(&shop, url, body).await.expect(200);
    }
}

#[actix_web::test]
async fn tokens_contain_user_session_and_lifetime() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let session = shop.number("select count(*) from sessions");
    assert_eq!(session, 1);

    let [access, refresh] = [ana.token.as_deref().unwrap(), &ana.refresh].map(claims);

    for (token, kind) in [(&access, "access"), (&refresh, "refresh")] {
        assert_eq!(token["token_type"], kind);
        assert_eq!(token["user_id"], json!(ana.user.to_string()));
        assert_eq!(token["iss"], "http://127.0.0.1:8000");
        assert_eq!(token["aud"], "mercer");
        assert_eq!(token["jti"].as_str().unwrap().len(), 32);
    }
    assert_eq!(access["sid"], refresh["sid"]);
    let life = |token: &Value| token["exp"].as_i64().unwrap() - token["iat"].as_i64().unwrap();
    assert_eq!((life(&access), life(&refresh)), (300, 30 * 86_400));
}

#[actix_web::test]
async fn wrong_password_is_rejected() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    assert_rejected(&shop, json!({"email": "ana@example.com", "password": "correct horsf"})).await;
}

#[actix_web::test]
async fn unknown_email_and_wrong_password_get_the_same_response() {
    let shop = TestShop::new().await;

    for email in ["nobody@example.com", "no address", "ana@example.com'--"] {
        assert_rejected(&shop, json!({"email": email, "password": PASSWORD})).await;
    }
}

#[actix_web::test]
async fn inactive_user_cannot_sign_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set is_active = false");

    assert_rejected(&shop, json!({"email": "ana@example.com", "password": PASSWORD})).await;
    // Earlier tokens are rejected as well.
    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
    assert_eq!(super::refresh(&shop, &ana.refresh).await.status, 401);
}

#[actix_web::test]
async fn user_without_a_password_cannot_sign_in() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    shop.execute("update users set password_hash = null");

    assert_rejected(&shop, json!({"email": "ana@example.com", "password": PASSWORD})).await;
}

#[actix_web::test]
async fn missing_sign_in_fields_are_reported() {
    let shop = TestShop::new().await;

    for url in [LOGIN, TOKEN] {
        let empty = post(&shop, url, json!({})).await;
        assert_eq!(empty.expect(400)["password"], json!(["This field is required."]));
        let no_email = post(&shop, url, json!({"password": PASSWORD})).await;
        assert_eq!(no_email.expect(400), json!({"email": ["This field is required."]}));
        let too_long = json!({"email": "ana@example.com", "password": "x".repeat(1025)});
        assert_eq!(
            post(&shop, url, too_long).await.expect(400),
            json!({"password": ["Ensure this field has no more than 1024 characters."]})
        );
    }
}

#[actix_web::test]
async fn passwords_that_differ_after_byte_72_are_different() {
    let shop = TestShop::new().await;
    let password = format!("{}one", "x".repeat(72));
    let body = json!({"email": "ana@example.com", "password1": password, "password2": password});
    post(&shop, "/api/auth/registration/", body).await.expect(201);

    let other = format!("{}two", "x".repeat(72));
    assert_rejected(&shop, json!({"email": "ana@example.com", "password": other})).await;
    assert_rejected(&shop, json!({"email": "ana@example.com", "password": "x".repeat(72)})).await;
    let right = json!({"email": "ana@example.com", "password": password});
    post(&shop, LOGIN, right).await.expect(200);
}

#[actix_web::test]
async fn sign_in_records_device_and_address() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let browser = shop.anonymous().with_header("user-agent", "Firefox");
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    browser.post(LOGIN, body).await.expect(200);

    let session = "select count(*) from sessions where user_agent = 'Firefox' and address = '127.0.0.1'";
    assert_eq!(shop.number(session), 1);
    let entry = format!(
        "select count(*) from audit_entries where action = 'user.signed_in' and object_id = '{0}' \
         and actor->>'id' = '{0}' and address = '127.0.0.1' and request_id is not null",
        ana.user
    );
    assert_eq!(shop.number(&entry), 2);
    assert_eq!(shop.number("select count(*) from users where last_login_at is not null"), 1);
}
