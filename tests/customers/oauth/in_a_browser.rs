//! A browser that is sent to the provider and comes back.

use chrono::TimeDelta;
use serde_json::json;

use super::{REDIRECT_URL, shop_and_provider, sign_in, traces};
use crate::support::fakes::{FakeProvider, challenge_of, query_of};
use crate::support::second_factors::telephone_of;
use crate::support::{TestResponse, TestShop};

const LOGIN: &str = "/api/auth/google/login/?next=https%3A%2F%2Fshop.example%2Fwelcome";
const CALLBACK: &str = "/api/auth/google/callback/";

/// A browser under way: where it was sent, and the cookie that it got.
struct Browser {
    location: String,
    cookie: String,
}

impl Browser {
    async fn begin(shop: &TestShop, url: &str) -> Self {
        let answer = shop.anonymous().get(url).await;
        answer_is_redirect(&answer);
        let location = answer.header("location").unwrap().to_owned();
        Self { location, cookie: cookie(&answer, "__Host-sign-in").unwrap() }
    }

    async fn back(&self, shop: &TestShop, query: &str) -> TestResponse {
        self.back_to(shop, CALLBACK, query).await
    }

    async fn back_to(&self, shop: &TestShop, callback: &str, query: &str) -> TestResponse {
        let client = shop.anonymous().with_header("cookie", &format!("__Host-sign-in={}", self.cookie));
        client.get(&format!("{callback}?{query}")).await
    }
}

fn answer_is_redirect(answer: &TestResponse) {
    assert_eq!(answer.status.as_u16(), 302, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// The value that an answer gives a cookie.
fn cookie(answer: &TestResponse, name: &str) -> Option<String> {
    let mut cookies = answer.headers.get_all("set-cookie").map(|value| value.to_str().unwrap());
    let set = cookies.find_map(|set| set.strip_prefix(&format!("{name}=")))?;
    Some(set.split(';').next().unwrap().to_owned())
}

fn went_to(answer: &TestResponse) -> &str {
    answer_is_redirect(answer);
    assert_eq!(cookie(answer, "__Host-sign-in").as_deref(), Some(""), "it is forgotten");
    answer.header("location").unwrap()
}

#[actix_web::test]
async fn the_provider_hears_who_asks_and_nothing_that_opens_anything() {
    let (shop, provider) = shop_and_provider().await;
    let browser = Browser::begin(&shop, LOGIN).await;

    assert!(browser.location.starts_with(&format!("{}/authorize?", provider.issuer())));
    let asked = query_of(&browser.location);
    assert_eq!((asked["client_id"].as_str(), asked["response_type"].as_str()), ("shop", "code"));
    assert_eq!(asked["redirect_uri"], "http://127.0.0.1:8000/api/auth/google/callback/");
    assert_eq!((asked["scope"].as_str(), asked["code_challenge_method"].as_str()), ("openid email profile", "S256"));
    let secrets = [&asked["state"], &asked["nonce"], &asked["code_challenge"], &browser.cookie];
    assert!(secrets.iter().all(|secret| secret.len() == 43), "{secrets:?}");
    let answer = shop.anonymous().get(LOGIN).await;
    let set = answer.header("set-cookie").unwrap();
    for attribute in ["__Host-sign-in=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let kept =
        "select count(*) from oauth_attempts where octet_length(state_hash) = 32 and octet_length(browser_hash) = 32";
    assert_eq!(shop.number(kept), 2);
    let in_the_open =
        format!("select count(*) from oauth_attempts where encode(sealed, 'escape') like '%{}%'", asked["nonce"]);
    assert_eq!(shop.number(&in_the_open), 0);
}

#[actix_web::test]
async fn whoever_comes_back_is_signed_in_by_cookie_and_the_address_tells_nothing() {
    let (shop, provider) = shop_and_provider().await;
    for (url, callback) in [(LOGIN, CALLBACK), (&LOGIN.replace("google", "oidc/acme"), "/api/auth/oidc/acme/callback/")]
    {
        let browser = Browser::begin(&shop, url).await;
        let query = provider.approve(&browser.location, "g-1", "nia@example.com");

        let answer = browser.back_to(&shop, callback, &query).await;

        assert_eq!(went_to(&answer), REDIRECT_URL);
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        let session = cookie(&answer, "__Host-session").unwrap();
        let page = shop.anonymous().with_header("cookie", &format!("__Host-session={session}"));
        assert_eq!(page.get("/api/auth/user/").await.expect(200)["email"], "nia@example.com");
    }
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 2]);
    assert_eq!(shop.number("select count(*) from oauth_attempts"), 0);
}

#[actix_web::test]
async fn whoever_has_a_second_factor_is_asked_for_it_by_the_page() {
    let (shop, provider) = shop_and_provider().await;
    let ana = shop.customer("ana").await;
    ana.post("/api/auth/google/connect/", provider.brought("g-1", "ana@example.com", "one")).await.expect(200);
    let telephone = telephone_of(&shop, &ana).await;
    let sessions = shop.number("select count(*) from sessions");
    let browser = Browser::begin(&shop, LOGIN).await;
    let query = provider.approve(&browser.location, "g-1", "ana@example.com");

    let answer = browser.back(&shop, &query).await;

    let fragment = went_to(&answer).strip_prefix(&format!("{REDIRECT_URL}#mfa_token=")).unwrap();
    let (token, methods) = fragment.split_once("&methods=").unwrap();
    assert_eq!(methods, "totp,recovery_code");
    assert_eq!(cookie(&answer, "__Host-session"), None);
    assert_eq!(shop.number("select count(*) from sessions"), sessions, "nobody is signed in yet");
    let wrong = shop.anonymous().post("/api/auth/mfa/verify/", json!({"mfa_token": token, "code": "000000"})).await;
    assert_eq!(wrong.status, 400);
    let shown = json!({"mfa_token": token, "code": telephone.next(&shop)});
    let tokens = shop.anonymous().post("/api/auth/mfa/verify/", shown).await.expect(200);
    assert_eq!(tokens["user"]["email"], "ana@example.com");
}

#[actix_web::test]
async fn whoever_brings_a_token_is_asked_for_the_second_factor_too() {
    let (shop, provider) = shop_and_provider().await;
    let ana = shop.customer("ana").await;
    ana.post("/api/auth/google/connect/", provider.brought("g-1", "ana@example.com", "one")).await.expect(200);
    let telephone = telephone_of(&shop, &ana).await;

    let waiting = sign_in(&shop, provider.brought("g-1", "ana@example.com", "two")).await.expect(200);

    assert_eq!((&waiting["mfa_required"], &waiting["access"]), (&json!(true), &serde_json::Value::Null));
    assert_eq!(waiting["methods"], json!(["totp", "recovery_code"]));
    let shown = json!({"mfa_token": waiting["mfa_token"], "code": telephone.next(&shop)});
    shop.anonymous().post("/api/auth/mfa/verify/", shown).await.expect(200);
}

#[actix_web::test]
async fn a_state_counts_once_in_its_own_browser_for_ten_minutes() {
    let (shop, provider) = shop_and_provider().await;
    let (mine, other) = (Browser::begin(&shop, LOGIN).await, Browser::begin(&shop, LOGIN).await);
    let query = provider.approve(&mine.location, "g-1", "nia@example.com");
    let state = query_of(&mine.location)["state"].clone();
    let before = traces(&shop);
    let refused = |answer: TestResponse| assert_eq!(answer.expect(400)["code"], "invalid_state");

    refused(other.back(&shop, &query).await);
    refused(shop.anonymous().get(&format!("{CALLBACK}?{query}")).await);
    refused(mine.back(&shop, "code=code-1").await);
    refused(mine.back(&shop, &query.replace(&state, "guessed")).await);
    refused(mine.back_to(&shop, "/api/auth/oidc/acme/callback/", &query).await);
    assert_eq!(traces(&shop), before);
    assert_eq!(provider.asked("/token"), 0);

    assert_eq!(went_to(&mine.back(&shop, &query).await), REDIRECT_URL);
    refused(mine.back(&shop, &query).await);

    let late = Browser::begin(&shop, LOGIN).await;
    let query = provider.approve(&late.location, "g-1", "nia@example.com");
    shop.advance(TimeDelta::seconds(601));
    refused(late.back(&shop, &query).await);
    assert_eq!(shop.number("select count(*) from sessions"), 1);
}

/// Where a browser lands that comes back with this in place of what the provider would have sent.
async fn landed(shop: &TestShop, query: impl AsyncFn(&Browser) -> String) -> String {
    let browser = Browser::begin(shop, LOGIN).await;
    let query = query(&browser).await;
    let state = query_of(&browser.location)["state"].clone();
    let answer = browser.back(shop, &format!("{query}&state={state}")).await;
    assert_eq!(cookie(&answer, "__Host-session"), None);
    went_to(&answer).to_owned()
}

fn with_error(code: &str) -> String {
    format!("{REDIRECT_URL}?error={code}")
}

#[actix_web::test]
async fn what_the_provider_says_is_told_to_the_page() {
    let (shop, _provider) = shop_and_provider().await;
    for (said, told) in [
        ("error=access_denied&error_description=no", "access_denied"),
        ("error=login_required", "login_required"),
        ("error=%3Cscript%3E", "provider_error"),
        ("error=a%26next%3Dhttps://evil.example", "provider_error"),
        ("nothing=at-all", "invalid_grant"),
        ("code=", "invalid_grant"),
        ("code=never-given", "invalid_grant"),
        ("code=code-1&iss=https%3A%2F%2Fevil.example", "invalid_grant"),
    ] {
        assert_eq!(landed(&shop, async |_| said.to_owned()).await, with_error(told), "{said}");
    }
    assert_eq!(traces(&shop), [0; 5]);
}

#[actix_web::test]
async fn what_is_wrong_with_a_person_or_their_token_is_told_to_the_page() {
    let (shop, provider) = shop_and_provider().await;
    shop.customer("ana").await;
    let approve = |browser: &Browser, change: &dyn Fn(&mut serde_json::Value)| {
        let asked = query_of(&browser.location);
        let mut claims = provider.claims("g-1", "nia@example.com", &asked["nonce"]);
        change(&mut claims);
        format!("code={}", provider.give_code(&asked["redirect_uri"], &asked["code_challenge"], &claims))
    };
    let before = traces(&shop);
    for (told, name, value) in [
        ("email_taken", "email", json!("ana@example.com")),
        ("email_unverified", "email_verified", json!(false)),
        ("invalid_grant", "nonce", json!("another")),
        ("invalid_grant", "aud", json!("shop-app")),
        ("invalid_grant", "iss", json!("https://evil.example")),
    ] {
        let query = async |browser: &Browser| approve(browser, &|claims| claims[name] = value.clone());
        assert_eq!(landed(&shop, query).await, with_error(told), "{name}");
    }
    let injected = async |_: &Browser| {
        let claims = provider.claims("g-9", "thief@example.com", "n");
        let page = "http://127.0.0.1:8000/api/auth/google/callback/";
        format!(
            "code={}",
            provider.give_code(page, &challenge_of("the thief's own verifier, long enough for it"), &claims)
        )
    };
    assert_eq!(landed(&shop, injected).await, with_error("invalid_grant"), "a code that another browser was given");
    assert_eq!(traces(&shop), before);

    sign_in(&shop, provider.brought("g-1", "nia@example.com", "n")).await.expect(200);
    shop.execute("update users set is_active = false where email = 'nia@example.com'");
    let query = async |browser: &Browser| approve(browser, &|_| ());
    assert_eq!(landed(&shop, query).await, with_error("access_denied"));
}

#[actix_web::test]
async fn a_provider_that_is_away_leads_back_to_the_page() {
    let (shop, provider) = shop_and_provider().await;
    let browser = Browser::begin(&shop, LOGIN).await;
    let query = provider.approve(&browser.location, "g-1", "nia@example.com");
    provider.go_down(true);

    assert_eq!(went_to(&browser.back(&shop, &query).await), with_error("temporarily_unavailable"));

    let provider = FakeProvider::start().await;
    provider.go_down(true);
    let shop = provider.shop(&[]).await;
    assert_eq!(went_to(&shop.anonymous().get(LOGIN).await), with_error("temporarily_unavailable"));
    assert_eq!(shop.number("select count(*) from oauth_attempts"), 0);
}

#[actix_web::test]
async fn whoever_does_not_come_back_is_forgotten() {
    let (shop, provider) = shop_and_provider().await;
    Browser::begin(&shop, LOGIN).await;
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "n")).await.expect(200);
    let purge = async || {
        use mercer::platform::jobs::Job;
        mercer::customers::oauth::PurgeSignIns {}.run(&shop.app).await.unwrap();
        [shop.number("select count(*) from oauth_attempts"), shop.number("select count(*) from spent_id_tokens")]
    };
    assert_eq!(purge().await, [1, 1]);
    shop.advance(TimeDelta::minutes(11));
    assert_eq!(purge().await, [0, 0]);
}
