//! Sign-in of clients that send an authorization code or an id_token.

use futures_util::future::join_all;
use serde_json::json;

use super::{GOOGLE, REDIRECT_URL, VERIFIER, non_field_error, shop_and_provider, sign_in, traces, with_code};
use crate::support::TestShop;
use crate::support::fakes::code_challenge;

#[actix_web::test]
async fn first_sign_in_creates_an_account_without_a_password() {
    let (shop, provider) = shop_and_provider().await;

    let login = sign_in(&shop, with_code(&provider, &provider.claims("g-1", "Nia@Example.com", "n"))).await.expect(200);

    assert_eq!(login["user"]["email"], "nia@example.com");
    assert_eq!((&login["user"]["first_name"], &login["user"]["last_name"]), (&json!("Nia"), &json!("Mwangi")));
    let bearer = format!("Bearer {}", login["access"].as_str().unwrap());
    let me = shop.anonymous().with_header("authorization", &bearer).get("/api/customers/me/").await.expect(200);
    assert_eq!((&me["email"], &me["first_name"]), (&json!("nia@example.com"), &json!("Nia")));
    assert_eq!(
        shop.number("select count(*) from users where password_hash is null and email_verified_at is not null"),
        1
    );
    let entries = "select count(*) from audit_entries where action in ('user.identity_linked', 'user.signed_in')";
    assert_eq!(shop.number(entries), 2);
}

#[actix_web::test]
async fn second_sign_in_finds_the_account_by_subject_not_by_email() {
    let (shop, provider) = shop_and_provider().await;
    let first = sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);

    let second = sign_in(&shop, provider.id_token_body("g-1", "nia@elsewhere.example", "two")).await.expect(200);

    assert_eq!(second["user"], first["user"]);
    assert_eq!(shop.number("select count(*) from users"), 1);
    assert_eq!(shop.number("select count(*) from identities where email = 'nia@elsewhere.example'"), 1);
}

#[actix_web::test]
async fn every_provider_is_available_by_its_name() {
    let (shop, provider) = shop_and_provider().await;

    let by_name =
        shop.anonymous().post("/api/auth/oidc/acme/", provider.id_token_body("a-1", "nia@example.com", "n")).await;
    by_name.expect(200);
    let google =
        shop.anonymous().post("/api/auth/oidc/google/", provider.id_token_body("a-1", "nia@example.com", "m")).await;
    google.expect(200);

    assert_eq!(
        shop.number("select count(*) from identities where provider = 'acme'"),
        1,
        "one issuer and subject is one identity"
    );
    let unknown = shop.anonymous().post("/api/auth/oidc/unknown/", json!({})).await;
    assert_eq!(unknown.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn endpoints_return_404_without_configured_providers() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for url in ["/api/auth/google/", "/api/auth/oidc/google/"] {
        assert_eq!(guest.post(url, json!({"id_token": "x", "nonce": "y"})).await.expect(404)["code"], "not_found");
    }
    for url in ["/api/auth/google/login/?next=x", "/api/auth/google/callback/?state=x", "/api/auth/oidc/google/login/"]
    {
        assert_eq!(guest.get(url).await.expect(404)["code"], "not_found", "{url}");
    }
}

#[actix_web::test]
async fn sign_in_does_not_take_over_an_account_with_the_same_email() {
    let (shop, provider) = shop_and_provider().await;
    shop.customer("ana").await;
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);
    let before = traces(&shop);

    let taken = "User is already registered with this e-mail address.";
    let local = sign_in(&shop, provider.id_token_body("g-2", "Ana@example.com", "two")).await;
    assert_eq!(local.expect(400), non_field_error(taken));
    let other_subject = sign_in(&shop, provider.id_token_body("g-2", "nia@example.com", "three")).await;
    assert_eq!(other_subject.expect(400), non_field_error(taken));

    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn inactive_user_cannot_sign_in_with_a_provider() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "one")).await.expect(200);
    shop.execute("update users set is_active = false");
    let before = traces(&shop);

    let rejected = sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "two")).await;

    assert_eq!(rejected.expect(400), non_field_error("Unable to log in with provided credentials."));
    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn concurrent_first_sign_ins_create_one_account() {
    let (shop, provider) = shop_and_provider().await;
    let bodies = (0..6).map(|n| provider.id_token_body("g-1", "nia@example.com", &format!("n{n}")));

    let responses = join_all(bodies.map(|body| sign_in(&shop, body))).await;

    responses.iter().for_each(|response| drop(response.expect(200)));
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 6]);
}

#[actix_web::test]
async fn concurrent_sign_ins_with_the_same_email_create_one_account() {
    let (shop, provider) = shop_and_provider().await;
    let bodies = (0..4).map(|n| provider.id_token_body(&format!("g-{n}"), "nia@example.com", "n"));

    let responses = join_all(bodies.map(|body| sign_in(&shop, body))).await;

    let mut statuses: Vec<_> = responses.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 1]);
}

#[actix_web::test]
async fn incomplete_credentials_are_rejected() {
    let (shop, provider) = shop_and_provider().await;
    let complete = with_code(&provider, &provider.claims("g-1", "nia@example.com", "n"));
    let without = |name: &str| {
        let mut body = complete.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: &str| {
        let mut body = complete.clone();
        body[name] = json!(value);
        body
    };
    let required = json!(["This field is required."]);
    let verifier = json!(["Enter 43 to 128 characters: letters, digits, and - . _ ~ only."]);
    let missing = json!(["Incorrect input. code or id_token is required."]);
    for (body, name, expected) in [
        (without("redirect_uri"), "redirect_uri", required.clone()),
        (without("code_verifier"), "code_verifier", required.clone()),
        (with("code_verifier", "short"), "code_verifier", verifier.clone()),
        (with("code_verifier", &"ä".repeat(60)), "code_verifier", verifier),
        (with("redirect_uri", "https://shop.example/welcome/"), "redirect_uri", json!(["This URL is not allowed."])),
        (with("id_token", "both"), "non_field_errors", missing.clone()),
        (json!({}), "non_field_errors", missing),
        (json!({"id_token": "x"}), "nonce", required),
        (
            json!({"access_token": "ya29.x"}),
            "access_token",
            json!(["Access tokens are not accepted: send a code or an id_token."]),
        ),
    ] {
        let response = sign_in(&shop, body.clone()).await.expect(400);
        assert_eq!(response, json!({name: expected}), "{body}");
    }
    assert_eq!(traces(&shop), [0; 5]);
    assert_eq!(provider.request_count("/token"), 0, "the provider receives no request");
}

#[actix_web::test]
async fn code_is_accepted_once_with_its_redirect_uri_and_verifier() {
    let (shop, provider) = shop_and_provider().await;
    let claims = provider.claims("g-1", "nia@example.com", "n");
    let complete = with_code(&provider, &claims);
    sign_in(&shop, complete.clone()).await.expect(200);
    let before = traces(&shop);

    let mut other_verifier = with_code(&provider, &claims);
    other_verifier["code_verifier"] = json!(VERIFIER.replace('a', "b"));
    let code = provider.issue_code("https://other.example/", &code_challenge(VERIFIER), &claims);
    let other_page = json!({"code": code, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER});
    let plain = provider.issue_code(REDIRECT_URL, VERIFIER, &claims);
    let plain = json!({"code": plain, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER});

    for body in [complete, other_verifier, other_page, plain] {
        let rejected = sign_in(&shop, body).await.expect(400);
        assert_eq!(rejected, non_field_error("Failed to exchange code for access token"));
    }
    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn nonce_sent_with_a_code_is_verified() {
    let (shop, provider) = shop_and_provider().await;
    let claims = provider.claims("g-1", "nia@example.com", "mine");
    let with_nonce = |nonce: &str| {
        let mut body = with_code(&provider, &claims);
        body["nonce"] = json!(nonce);
        body
    };
    assert_eq!(sign_in(&shop, with_nonce("another")).await.expect(400), non_field_error("Incorrect value"));
    sign_in(&shop, with_nonce("mine")).await.expect(200);
}

#[actix_web::test]
async fn unavailable_provider_returns_503_with_retry_after() {
    let (shop, provider) = shop_and_provider().await;
    provider.set_down(true);

    let response = sign_in(&shop, provider.id_token_body("g-1", "nia@example.com", "n")).await;

    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(response.expect(503)["code"], "service_unavailable");
    assert_eq!(traces(&shop), [0; 5]);
}

#[actix_web::test]
async fn provider_sign_in_shares_the_login_rate_limit() {
    let provider = crate::support::fakes::FakeProvider::start().await;
    let shop = provider.shop(&[("THROTTLING", "on"), ("THROTTLE_LOGIN", "3/h")]).await;

    shop.anonymous().post(GOOGLE, json!({})).await.expect(400);
    shop.anonymous().post("/api/auth/oidc/acme/", json!({})).await.expect(400);
    shop.anonymous().get("/api/auth/google/login/").await.expect(400);

    assert_eq!(shop.anonymous().post("/api/auth/login/", json!({})).await.status.as_u16(), 429);
    assert_eq!(shop.anonymous().post(GOOGLE, json!({})).await.expect(429)["code"], "throttled");
}
