//! Authorization code flow in a browser.

use chrono::TimeDelta;
use serde_json::json;

use super::{REDIRECT_URL, shop_and_provider, sign_in, traces};
use crate::support::fakes::{FakeProvider, code_challenge, query_parameters};
use crate::support::second_factors::set_up_authenticator;
use crate::support::{TestResponse, TestShop};

const LOGIN: &str = "/api/auth/google/login/?next=https%3A%2F%2Fshop.example%2Fwelcome";
const CALLBACK: &str = "/api/auth/google/callback/";

/// A browser that was redirected to the provider, with its attempt cookie.
struct Browser {
    location: String,
    cookie: String,
}

impl Browser {
    async fn begin(shop: &TestShop, url: &str) -> Self {
        let response = shop.anonymous().get(url).await;
        assert_redirect(&response);
        let location = response.header("location").unwrap().to_owned();
        Self { location, cookie: cookie(&response, "__Host-sign-in").unwrap() }
    }

    async fn back(&self, shop: &TestShop, query: &str) -> TestResponse {
        self.back_to(shop, CALLBACK, query).await
    }

    async fn back_to(&self, shop: &TestShop, callback: &str, query: &str) -> TestResponse {
        let client = shop.anonymous().with_header("cookie", &format!("__Host-sign-in={}", self.cookie));
        client.get(&format!("{callback}?{query}")).await
    }
}

fn assert_redirect(response: &TestResponse) {
    assert_eq!(response.status.as_u16(), 302, "{response:?}");
    assert_eq!(response.header("cache-control"), Some("no-store"));
}

/// The value of a cookie that the response sets.
fn cookie(response: &TestResponse, name: &str) -> Option<String> {
    let mut cookies = response.headers.get_all("set-cookie").map(|value| value.to_str().unwrap());
    let set = cookies.find_map(|set| set.strip_prefix(&format!("{name}=")))?;
    Some(set.split(';').next().unwrap().to_owned())
}

fn went_to(response: &TestResponse) -> &str {
    assert_redirect(response);
    assert_eq!(cookie(response, "__Host-sign-in").as_deref(), Some(""), "the attempt cookie is deleted");
    response.header("location").unwrap()
}

#[actix_web::test]
async fn authorization_request_contains_no_secrets() {
    let (shop, provider) = shop_and_provider().await;
    let browser = Browser::begin(&shop, LOGIN).await;

    assert!(browser.location.starts_with(&format!("{}/authorize?", provider.issuer())));
    let parameters = query_parameters(&browser.location);
    assert_eq!((parameters["client_id"].as_str(), parameters["response_type"].as_str()), ("shop", "code"));
    assert_eq!(parameters["redirect_uri"], "http://127.0.0.1:8000/api/auth/google/callback/");
    assert_eq!(parameters["scope"], "openid email profile");
    assert_eq!(parameters["code_challenge_method"], "S256");
    let secrets = [&parameters["state"], &parameters["nonce"], &parameters["code_challenge"], &browser.cookie];
    assert!(secrets.iter().all(|secret| secret.len() == 43), "{secrets:?}");
    let response = shop.anonymous().get(LOGIN).await;
    let set = response.header("set-cookie").unwrap();
    for attribute in ["__Host-sign-in=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let hashed =
        "select count(*) from oauth_attempts where octet_length(state_hash) = 32 and octet_length(browser_hash) = 32";
    assert_eq!(shop.number(hashed), 2);
    let unencrypted =
        format!("select count(*) from oauth_attempts where encode(sealed, 'escape') like '%{}%'", parameters["nonce"]);
    assert_eq!(shop.number(&unencrypted), 0);
}

#[actix_web::test]
async fn callback_sets_session_cookies_and_no_secrets_in_the_url() {
    let (shop, provider) = shop_and_provider().await;
    for (url, callback) in [(LOGIN, CALLBACK), (&LOGIN.replace("google", "oidc/acme"), "/api/auth/oidc/acme/callback/")]
    {
        let browser = Browser::begin(&shop, url).await;
        let query = provider.approve(&browser.location, "g-1", "nia@example.com");

        let response = browser.back_to(&shop, callback, &query).await;

        assert_eq!(went_to(&response), REDIRECT_URL);
        assert_eq!(response.header("referrer-policy"), Some("same-origin"));
        let session = cookie(&response, "__Host-session").unwrap();
        let page = shop.anonymous().with_header("cookie", &format!("__Host-session={session}"));
        assert_eq!(page.get("/api/auth/user/").await.expect(200)["email"], "nia@example.com");
    }
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 2]);
    assert_eq!(shop.number("select count(*) from oauth_attempts"), 0);
}

#[actix_web::test]
async fn callback_requires_the_second_factor() {
    let (shop, provider) = shop_and_provider().await;
    let ana = shop.customer("ana").await;
    ana.post("/api/auth/google/connect/", provider.id_token_body("g-1", "ana@example.com", "one")).await.expect(200);
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let sessions = shop.number("select count(*) from sessions");
    let browser = Browser::begin(&shop, LOGIN).await;
    let query = provider.approve(&browser.location, "g-1", "ana@example.com");

    let response = browser.back(&shop, &query).await;

    let fragment = went_to(&response).strip_prefix(&format!("{REDIRECT_URL}#mfa_token=")).unwrap();
    let (token, methods) = fragment.split_once("&methods=").unwrap();
    assert_eq!(methods, "totp,recovery_code");
    assert_eq!(cookie(&response, "__Host-session"), None);
    assert_eq!(shop.number("select count(*) from sessions"), sessions, "no session before the second factor");
    let wrong = shop.anonymous().post("/api/auth/mfa/verify/", json!({"mfa_token": token, "code": "000000"})).await;
    assert_eq!(wrong.status, 400);
    let body = json!({"mfa_token": token, "code": authenticator.next_code(&shop)});
    let tokens = shop.anonymous().post("/api/auth/mfa/verify/", body).await.expect(200);
    assert_eq!(tokens["user"]["email"], "ana@example.com");
}

#[actix_web::test]
async fn id_token_sign_in_requires_the_second_factor() {
    let (shop, provider) = shop_and_provider().await;
    let ana = shop.customer("ana").await;
    ana.post("/api/auth/google/connect/", provider.id_token_body("g-1", "ana@example.com", "one")).await.expect(200);
    let authenticator = set_up_authenticator(&shop, &ana).await;

    let waiting = sign_in(&shop, provider.id_token_body("g-1", "ana@example.com", "two")).await.expect(200);

    assert_eq!((&waiting["mfa_required"], &waiting["access"]), (&json!(true), &serde_json::Value::Null));
    assert_eq!(waiting["methods"], json!(["totp", "recovery_code"]));
    let body = json!({"mfa_token": waiting["mfa_token"], "code": authenticator.next_code(&shop)});
    shop.anonymous().post("/api/auth/mfa/verify/", body).await.expect(200);
}

#[actix_web::test]
async fn state_is_accepted_once_in_its_browser_within_ten_minutes() {
    let (shop, provider) = shop_and_provider().await;
    let (mine, other) = (Browser::begin(&shop, LOGIN).await, Browser::begin(&shop, LOGIN).await);
    let query = provider.approve(&mine.location, "g-1", "nia@example.com");
    let state = query_parameters(&mine.location)["state"].clone();
    let before = traces(&shop);
    let assert_invalid = |response: TestResponse| assert_eq!(response.expect(400)["code"], "invalid_state");

    assert_invalid(other.back(&shop, &query).await);
    assert_invalid(shop.anonymous().get(&format!("{CALLBACK}?{query}")).await);
    assert_invalid(mine.back(&shop, "code=code-1").await);
    assert_invalid(mine.back(&shop, &query.replace(&state, "guessed")).await);
    assert_invalid(mine.back_to(&shop, "/api/auth/oidc/acme/callback/", &query).await);
    assert_eq!(traces(&shop), before);
    assert_eq!(provider.request_count("/token"), 0);

    assert_eq!(went_to(&mine.back(&shop, &query).await), REDIRECT_URL);
    assert_invalid(mine.back(&shop, &query).await);

    let late = Browser::begin(&shop, LOGIN).await;
    let query = provider.approve(&late.location, "g-1", "nia@example.com");
    shop.advance(TimeDelta::seconds(601));
    assert_invalid(late.back(&shop, &query).await);
    assert_eq!(shop.number("select count(*) from sessions"), 1);
}

/// Returns the URL that the callback redirects to if the provider's query is replaced by this one.
async fn callback_location(shop: &TestShop, query: impl AsyncFn(&Browser) -> String) -> String {
    let browser = Browser::begin(shop, LOGIN).await;
    let query = query(&browser).await;
    let state = query_parameters(&browser.location)["state"].clone();
    let response = browser.back(shop, &format!("{query}&state={state}")).await;
    assert_eq!(cookie(&response, "__Host-session"), None);
    went_to(&response).to_owned()
}

fn with_error(code: &str) -> String {
    format!("{REDIRECT_URL}?error={code}")
}

#[actix_web::test]
async fn provider_error_is_passed_to_the_page() {
    let (shop, _provider) = shop_and_provider().await;
    for (provider_query, expected) in [
        ("error=access_denied&error_description=no", "access_denied"),
        ("error=login_required", "login_required"),
        ("error=%3Cscript%3E", "provider_error"),
        ("error=a%26next%3Dhttps://evil.example", "provider_error"),
        ("nothing=at-all", "invalid_grant"),
        ("code=", "invalid_grant"),
        ("code=never-given", "invalid_grant"),
        ("code=code-1&iss=https%3A%2F%2Fevil.example", "invalid_grant"),
    ] {
        assert_eq!(
            callback_location(&shop, async |_| provider_query.to_owned()).await,
            with_error(expected),
            "{provider_query}"
        );
    }
    assert_eq!(traces(&shop), [0; 5]);
}

#[actix_web::test]
async fn rejected_sign_in_redirects_with_an_error_code() {
    let (shop, provider) = shop_and_provider().await;
    shop.customer("ana").await;
    let approve = |browser: &Browser, change: &dyn Fn(&mut serde_json::Value)| {
        let parameters = query_parameters(&browser.location);
        let mut claims = provider.claims("g-1", "nia@example.com", &parameters["nonce"]);
        change(&mut claims);
        format!("code={}", provider.issue_code(&parameters["redirect_uri"], &parameters["code_challenge"], &claims))
    };
    let before = traces(&shop);
    for (expected, name, value) in [
        ("email_taken", "email", json!("ana@example.com")),
        ("email_unverified", "email_verified", json!(false)),
        ("invalid_grant", "nonce", json!("another")),
        ("invalid_grant", "aud", json!("shop-app")),
        ("invalid_grant", "iss", json!("https://evil.example")),
    ] {
        let query = async |browser: &Browser| approve(browser, &|claims| claims[name] = value.clone());
        assert_eq!(callback_location(&shop, query).await, with_error(expected), "{name}");
    }
    let injected = async |_: &Browser| {
        let claims = provider.claims("g-9", "thief@example.com", "n");
        let page = "http://127.0.0.1:8000/api/auth/google/callback/";
        format!(
            "code={}",
            provider.issue_code(page, &code_challenge("the attacker's own verifier, of sufficient length"), &claims)
        )
    };
    assert_eq!(callback_location(&shop, injected).await, with_error("invalid_grant"), "a code of another browser");
    assert_eq!(traces(&shop), before);

    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "n")).await.expect(200);
    shop.execute("update users set is_active = false where email = 'nia@example.com'");
    let query = async |browser: &Browser| approve(browser, &|_| ());
    assert_eq!(callback_location(&shop, query).await, with_error("access_denied"));
}

#[actix_web::test]
async fn unavailable_provider_redirects_with_an_error_code() {
    let (shop, provider) = shop_and_provider().await;
    let browser = Browser::begin(&shop, LOGIN).await;
    let query = provider.approve(&browser.location, "g-1", "nia@example.com");
    provider.set_down(true);

    assert_eq!(went_to(&browser.back(&shop, &query).await), with_error("temporarily_unavailable"));

    let provider = FakeProvider::start().await;
    provider.set_down(true);
    let shop = provider.shop(&[]).await;
    assert_eq!(went_to(&shop.anonymous().get(LOGIN).await), with_error("temporarily_unavailable"));
    assert_eq!(shop.number("select count(*) from oauth_attempts"), 0);
}

#[actix_web::test]
async fn expired_attempts_and_tokens_are_purged() {
    let (shop, provider) = shop_and_provider().await;
    Browser::begin(&shop, LOGIN).await;
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "n")).await.expect(200);
    let purge = async || {
        use mercer::platform::jobs::Job;
        mercer::customers::oauth::PurgeSignIns {}.run(&shop.app).await.unwrap();
        [shop.number("select count(*) from oauth_attempts"), shop.number("select count(*) from spent_id_tokens")]
    };
    assert_eq!(purge().await, [1, 1]);
    shop.advance(TimeDelta::minutes(11));
    assert_eq!(purge().await, [0, 0]);
}
