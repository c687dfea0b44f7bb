//! Sessions in cookies, and protection against cross-site request forgery.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::house::endpoints::digest::Digest;
use crate::support::client::Client;
use crate::support::shop::PASSWORD;
use crate::support::{TestResponse, TestShop};

const LOGIN: &str = "/api/auth/login/";
const USER: &str = "/api/auth/user/";

/// Cookies of a session in a browser.
struct Browser {
    /// Value of the `HttpOnly` session cookie.
    session: String,
    csrf: String,
    client: Client,
}

impl Browser {
    /// Returns a browser that sends these cookies.
    fn of(shop: &TestShop, session: &str, csrf: &str) -> Self {
        let cookies = format!("__Host-session={session}; __Host-csrftoken={csrf}");
        let client = shop.anonymous().with_header("cookie", &cookies).with_header("host", "shop.example");
        Self { session: session.to_owned(), csrf: csrf.to_owned(), client }
    }

    async fn signed_in(shop: &TestShop, email: &str) -> Self {
        let response = log_in(&shop.anonymous(), email).await;
        response.expect(200);
        Self::of(shop, &cookie(&response, "__Host-session").remove(0), &cookie(&response, "__Host-csrftoken").remove(0))
    }

    /// Returns a client that also sends the CSRF token, as the pages of the shop do.
    fn page(&self) -> Client {
        self.client.with_header("x-csrftoken", &self.csrf)
    }
}

async fn log_in(client: &Client, email: &str) -> TestResponse {
    client.post(LOGIN, json!({"email": email, "password": PASSWORD, "cookie": true})).await
}

/// Returns the value of a cookie that the response sets, followed by its sorted attributes.
fn cookie(response: &TestResponse, name: &str) -> Vec<String> {
    let set = response.headers.get_all("set-cookie").map(|value| value.to_str().unwrap());
    let prefix = format!("{name}=");
    let found: Vec<&str> = set.filter_map(|cookie| cookie.strip_prefix(prefix.as_str())).collect();
    assert_eq!(found.len(), 1, "{name}: {response:?}");
    let mut parts: Vec<String> = found[0].split("; ").map(str::to_owned).collect();
    parts[1..].sort();
    parts
}

#[track_caller]
fn assert_csrf_failed(response: &TestResponse, reason: &str) {
    assert_eq!(response.expect(403), json!({"detail": format!("CSRF Failed: {reason}"), "code": "csrf_failed"}));
}

#[actix_web::test]
async fn login_with_cookie_sets_an_http_only_session_cookie() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    let response = log_in(&shop.anonymous(), "ana@example.com").await;

    let mut session = cookie(&response, "__Host-session");
    let mut csrf = cookie(&response, "__Host-csrftoken");
    // The lifetime of the session: thirty days.
    assert_eq!([session.remove(2), csrf.remove(1)], ["Max-Age=2592000", "Max-Age=2592000"]);
    assert_eq!(session[1..], ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!(csrf[1..], ["Path=/", "SameSite=Lax", "Secure"]);
    let body = response.expect(200);
    assert_eq!((&body["access"], &body["refresh"]), (&json!(""), &json!("")));
    assert_eq!(body["csrf_token"], csrf[0].as_str());
    assert_eq!(body["user"]["email"], "ana@example.com");
    assert!(!String::from_utf8_lossy(&response.body).contains(&session[0]));
}

#[actix_web::test]
async fn registration_with_cookie_sets_the_session_cookie() {
    let shop = TestShop::new().await;
    let body = json!({"email": "nia@example.com", "password1": PASSWORD, "password2": PASSWORD, "cookie": true});

    let response = shop.anonymous().post("/api/auth/registration/", body).await;

    let body = response.expect(201);
    assert_eq!((&body["access"], &body["refresh"]), (&json!(""), &json!("")));
    let session = cookie(&response, "__Host-session");
    let page = shop.anonymous().with_header("cookie", &format!("__Host-session={}", session[0]));
    assert_eq!(page.get(USER).await.expect(200)["email"], "nia@example.com");
}

#[actix_web::test]
async fn login_without_cookie_sets_no_cookies() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    for body in [
        json!({"email": "ana@example.com", "password": PASSWORD}),
        json!({"email": "ana@example.com", "password": PASSWORD, "cookie": false}),
    ] {
        let response = shop.anonymous().post(LOGIN, body).await;
        assert!(response.expect(200).get("csrf_token").is_none());
        assert_eq!(response.header("set-cookie"), None);
    }
}

#[actix_web::test]
async fn session_cookie_allows_reads_and_requires_the_csrf_token_for_writes() {
    let shop = TestShop::with_settings(&[("CORS_ALLOWED_ORIGINS", "https://admin.example")]).await;
    shop.customer("ana").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;

    assert_eq!(ana.client.get(USER).await.expect(200)["email"], "ana@example.com");
    for (number, origin) in [None, Some("https://shop.example"), Some("https://admin.example")].iter().enumerate() {
        let page = origin.map_or_else(|| ana.page(), |origin| ana.page().with_header("origin", origin));
        let name = format!("Ana {number}");
        let changed = page.patch(USER, json!({"first_name": name})).await;
        assert_eq!(changed.expect(200)["first_name"], name.as_str(), "{origin:?}");
    }
    let django = ana.client.with_header("x-csrf-token", &ana.csrf);
    django.patch(USER, json!({"first_name": "Ana"})).await.expect(200);
}

#[actix_web::test]
async fn write_without_the_csrf_token_of_the_session_is_rejected() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    shop.customer("ben").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;
    let ben = Browser::signed_in(&shop, "ben@example.com").await;
    let other_session = Browser::signed_in(&shop, "ana@example.com").await;
    let before = Digest::of(&shop);
    let body = json!({"first_name": "Mallory"});

    assert_csrf_failed(&ana.client.patch(USER, body.clone()).await, "CSRF token missing.");
    for wrong in ["", "x", &ben.csrf, &other_session.csrf, &ana.session, &ana.csrf[1..], &ana.csrf.to_lowercase()] {
        let page = ana.client.with_header("x-csrftoken", wrong);
        assert_csrf_failed(&page.patch(USER, body.clone()).await, "CSRF token incorrect.");
    }
    // An attacker on a sibling domain can set the readable cookie to the token of another session.
    let planted = Browser::of(&shop, &ana.session, &ben.csrf);
    assert_csrf_failed(&planted.page().patch(USER, body.clone()).await, "CSRF token incorrect.");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let response = ana.client.send(method, "/api/auth/sessions/end/", Some(json!({}))).await;
        assert_csrf_failed(&response, "CSRF token missing.");
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn write_from_an_untrusted_origin_is_rejected_even_with_the_csrf_token() {
    let shop = TestShop::with_settings(&[("CORS_ALLOWED_ORIGINS", "https://admin.example")]).await;
    shop.customer("ana").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;
    let before = Digest::of(&shop);

    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "http://admin.example",
        "null",
        "",
        "shop.example",
    ] {
        let page = ana.page().with_header("origin", origin);
        let response = page.patch(USER, json!({"first_name": "Mallory"})).await;
        assert_csrf_failed(&response, "Origin checking failed.");
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn cross_site_form_is_rejected() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;
    let before = Digest::of(&shop);

    for (kind, body) in [
        ("text/plain", "{\"keep_current\": false}"),
        ("application/x-www-form-urlencoded", "keep_current=false"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"keep_current\"\r\n\r\nfalse\r\n--x--\r\n",
        ),
        ("application/json", "{}"),
    ] {
        let form = TestRequest::post().uri("/api/auth/sessions/end/").insert_header(("content-type", kind));
        let response = ana.client.call(form.set_payload(body)).await;
        assert_csrf_failed(&response, "CSRF token missing.");
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn cookie_login_from_an_untrusted_origin_is_rejected() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    let sessions = shop.number("select count(*) from sessions");
    let visitor = shop.anonymous().with_header("host", "shop.example");

    for origin in ["https://evil.example", "null"] {
        let response = log_in(&visitor.with_header("origin", origin), "ana@example.com").await;
        assert_csrf_failed(&response, "Origin checking failed.");
        assert_eq!(response.header("set-cookie"), None);
    }

    assert_eq!(shop.number("select count(*) from sessions"), sessions);
    log_in(&visitor.with_header("origin", "https://shop.example"), "ana@example.com").await.expect(200);
}

#[actix_web::test]
async fn bearer_token_takes_precedence_and_needs_no_csrf_token() {
    let shop = TestShop::new().await;
    let (ana, _) = (shop.customer("ana").await, shop.customer("ben").await);
    let ben = Browser::signed_in(&shop, "ben@example.com").await;
    let bearer = format!("Bearer {}", ana.token.as_deref().unwrap());

    let both = ben.client.with_header("authorization", &bearer).with_header("origin", "https://evil.example");

    let changed = both.patch(USER, json!({"first_name": "Ana"})).await.expect(200);
    assert_eq!(changed["email"], "ana@example.com", "the header takes precedence over the cookie");
    let bad = ben.client.with_header("authorization", "Bearer nonsense");
    assert_eq!(bad.get(USER).await.expect(401)["code"], "token_not_valid");
}

/// Asserts that the server treats this cookie as an anonymous request.
async fn assert_anonymous(shop: &TestShop, session: &str) {
    let visitor = Browser::of(shop, session, "x").client;
    assert_eq!(visitor.get(USER).await.expect(401)["code"], "not_authenticated", "{session}");
    assert_eq!(visitor.get("/api/products/").await.status, 200, "{session}");
}

#[actix_web::test]
async fn forged_expired_and_revoked_cookies_are_ignored() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    shop.customer("ben").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;
    let ben = Browser::signed_in(&shop, "ben@example.com").await;
    let (id, signature) = ana.session.split_once('.').unwrap();
    let (_, other) = ben.session.split_once('.').unwrap();

    let forged = [
        String::new(),
        "x".to_owned(),
        ".".to_owned(),
        id.to_owned(),
        format!("{id}."),
        format!("{id}.{other}"),
        format!("{id}.{}", ana.csrf),
        format!("{id}.{}", &signature[1..]),
        format!("{id}.{signature}."),
        format!("0190aaaa-0000-7000-8000-00000000dead.{signature}"),
    ];
    for session in &forged {
        assert_anonymous(&shop, session).await;
    }
    assert_eq!(ana.client.get(USER).await.status, 200);
    shop.advance(TimeDelta::days(30));
    assert_anonymous(&shop, &ana.session).await;
    shop.advance(TimeDelta::days(-30));
    ben.page().post("/api/auth/sessions/end/", json!({"keep_current": false})).await.expect(204);
    assert_anonymous(&shop, &ben.session).await;
}

#[actix_web::test]
async fn logout_revokes_the_session_and_clears_both_cookies() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;
    let live = "select count(*) from sessions where revoked_at is null";
    let out = "/api/auth/logout/";
    let before = shop.number(live);
    assert_eq!(ana.client.post(out, json!({})).await.status, 401, "another page cannot sign the user out");
    assert_eq!(shop.number(live), before);

    let response = ana.page().post(out, json!({})).await;

    assert_eq!(response.expect(200), json!({"detail": "Successfully logged out."}));
    let (session, csrf) = (cookie(&response, "__Host-session"), cookie(&response, "__Host-csrftoken"));
    assert_eq!(session, ["", "HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!(csrf, ["", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!(shop.number(live), before - 1);
    assert_anonymous(&shop, &ana.session).await;
}

#[actix_web::test]
async fn cookie_session_is_listed_and_can_be_revoked() {
    let shop = TestShop::new().await;
    let user = shop.customer("ana").await;
    let ana = Browser::signed_in(&shop, "ana@example.com").await;

    let sessions = ana.client.get("/api/auth/sessions/").await.expect(200);

    let current: Vec<&Value> = sessions.as_array().unwrap().iter().filter(|it| it["is_current"] == true).collect();
    assert_eq!(current.len(), 1);
    let id = current[0]["id"].as_str().unwrap();
    assert!(ana.session.starts_with(id));
    user.delete(&format!("/api/auth/sessions/{id}/")).await.expect(204);
    assert_anonymous(&shop, &ana.session).await;
}
