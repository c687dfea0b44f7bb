//! Pages and apps that bring a code or a token.

use futures_util::future::join_all;
use serde_json::json;

use super::{GOOGLE, REDIRECT_URL, VERIFIER, refused_in_words, shop_and_provider, sign_in, traces, with_code};
use crate::support::TestShop;
use crate::support::fakes::challenge_of;

#[actix_web::test]
async fn the_first_sign_in_makes_an_account_without_a_password() {
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
    let told = "select count(*) from audit_entries where action in ('user.identity_linked', 'user.signed_in')";
    assert_eq!(shop.number(told), 2);
}

#[actix_web::test]
async fn the_second_sign_in_finds_the_account_by_its_subject_whatever_the_address() {
    let (shop, provider) = shop_and_provider().await;
    let first = sign_in(&shop, provider.brought("g-1", "nia@example.com", "one")).await.expect(200);

    let second = sign_in(&shop, provider.brought("g-1", "nia@elsewhere.example", "two")).await.expect(200);

    assert_eq!(second["user"], first["user"]);
    assert_eq!(shop.number("select count(*) from users"), 1);
    assert_eq!(shop.number("select count(*) from identities where email = 'nia@elsewhere.example'"), 1);
}

#[actix_web::test]
async fn every_provider_is_there_by_its_name() {
    let (shop, provider) = shop_and_provider().await;

    let by_name = shop.anonymous().post("/api/auth/oidc/acme/", provider.brought("a-1", "nia@example.com", "n")).await;
    by_name.expect(200);
    let google = shop.anonymous().post("/api/auth/oidc/google/", provider.brought("a-1", "nia@example.com", "m")).await;
    google.expect(200);

    assert_eq!(shop.number("select count(*) from identities where provider = 'acme'"), 1, "one issuer, one person");
    let unknown = shop.anonymous().post("/api/auth/oidc/nobody/", json!({})).await;
    assert_eq!(unknown.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn a_shop_without_providers_has_no_such_pages() {
    let shop = TestShop::new().await;
    let nobody = shop.anonymous();
    for url in ["/api/auth/google/", "/api/auth/oidc/google/"] {
        assert_eq!(nobody.post(url, json!({"id_token": "x", "nonce": "y"})).await.expect(404)["code"], "not_found");
    }
    for url in ["/api/auth/google/login/?next=x", "/api/auth/google/callback/?state=x", "/api/auth/oidc/google/login/"]
    {
        assert_eq!(nobody.get(url).await.expect(404)["code"], "not_found", "{url}");
    }
}

#[actix_web::test]
async fn an_address_that_is_taken_is_its_owners_whoever_vouches_for_it() {
    let (shop, provider) = shop_and_provider().await;
    shop.customer("ana").await;
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "one")).await.expect(200);
    let before = traces(&shop);

    let taken = "User is already registered with this e-mail address.";
    let local = sign_in(&shop, provider.brought("g-2", "Ana@example.com", "two")).await;
    assert_eq!(local.expect(400), refused_in_words(taken));
    let other_subject = sign_in(&shop, provider.brought("g-2", "nia@example.com", "three")).await;
    assert_eq!(other_subject.expect(400), refused_in_words(taken));

    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn an_inactive_user_is_not_let_in() {
    let (shop, provider) = shop_and_provider().await;
    sign_in(&shop, provider.brought("g-1", "nia@example.com", "one")).await.expect(200);
    shop.execute("update users set is_active = false");
    let before = traces(&shop);

    let refused = sign_in(&shop, provider.brought("g-1", "nia@example.com", "two")).await;

    assert_eq!(refused.expect(400), refused_in_words("Unable to log in with provided credentials."));
    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn of_two_first_sign_ins_at_once_one_makes_the_account() {
    let (shop, provider) = shop_and_provider().await;
    let bodies = (0..6).map(|n| provider.brought("g-1", "nia@example.com", &format!("n{n}")));

    let answers = join_all(bodies.map(|body| sign_in(&shop, body))).await;

    answers.iter().for_each(|answer| drop(answer.expect(200)));
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 6]);
}

#[actix_web::test]
async fn of_two_people_with_one_address_at_once_one_gets_it() {
    let (shop, provider) = shop_and_provider().await;
    let bodies = (0..4).map(|n| provider.brought(&format!("g-{n}"), "nia@example.com", "n"));

    let answers = join_all(bodies.map(|body| sign_in(&shop, body))).await;

    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 1]);
}

#[actix_web::test]
async fn what_is_brought_must_be_whole() {
    let (shop, provider) = shop_and_provider().await;
    let whole = with_code(&provider, &provider.claims("g-1", "nia@example.com", "n"));
    let without = |name: &str| {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: &str| {
        let mut body = whole.clone();
        body[name] = json!(value);
        body
    };
    let required = json!(["This field is required."]);
    let verifier = json!(["A code verifier has 43 to 128 letters, digits, or any of - . _ ~"]);
    let none = json!(["Incorrect input. code or id_token is required."]);
    for (body, name, told) in [
        (without("redirect_uri"), "redirect_uri", required.clone()),
        (without("code_verifier"), "code_verifier", required.clone()),
        (with("code_verifier", "short"), "code_verifier", verifier.clone()),
        (with("code_verifier", &"ä".repeat(60)), "code_verifier", verifier),
        (with("redirect_uri", "https://shop.example/welcome/"), "redirect_uri", json!(["This URL is not allowed."])),
        (with("id_token", "both"), "non_field_errors", none.clone()),
        (json!({}), "non_field_errors", none),
        (json!({"id_token": "x"}), "nonce", required),
        (
            json!({"access_token": "ya29.x"}),
            "access_token",
            json!(["Access tokens are not accepted: send a code or an id_token."]),
        ),
    ] {
        let answer = sign_in(&shop, body.clone()).await.expect(400);
        assert_eq!(answer, json!({name: told}), "{body}");
    }
    assert_eq!(traces(&shop), [0; 5]);
    assert_eq!(provider.asked("/token"), 0, "nobody is asked before");
}

#[actix_web::test]
async fn a_code_counts_once_and_only_with_its_page_and_its_verifier() {
    let (shop, provider) = shop_and_provider().await;
    let claims = provider.claims("g-1", "nia@example.com", "n");
    let whole = with_code(&provider, &claims);
    sign_in(&shop, whole.clone()).await.expect(200);
    let before = traces(&shop);

    let mut other_verifier = with_code(&provider, &claims);
    other_verifier["code_verifier"] = json!(VERIFIER.replace('a', "b"));
    let code = provider.give_code("https://other.example/", &challenge_of(VERIFIER), &claims);
    let other_page = json!({"code": code, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER});
    let plain = provider.give_code(REDIRECT_URL, VERIFIER, &claims);
    let plain = json!({"code": plain, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER});

    for body in [whole, other_verifier, other_page, plain] {
        let refused = sign_in(&shop, body).await.expect(400);
        assert_eq!(refused, refused_in_words("Failed to exchange code for access token"));
    }
    assert_eq!(traces(&shop), before);
}

#[actix_web::test]
async fn a_nonce_that_comes_with_a_code_is_compared() {
    let (shop, provider) = shop_and_provider().await;
    let claims = provider.claims("g-1", "nia@example.com", "mine");
    let with_nonce = |nonce: &str| {
        let mut body = with_code(&provider, &claims);
        body["nonce"] = json!(nonce);
        body
    };
    assert_eq!(sign_in(&shop, with_nonce("another")).await.expect(400), refused_in_words("Incorrect value"));
    sign_in(&shop, with_nonce("mine")).await.expect(200);
}

#[actix_web::test]
async fn where_the_provider_is_away_people_hear_when_to_come_again() {
    let (shop, provider) = shop_and_provider().await;
    provider.go_down(true);

    let answer = sign_in(&shop, provider.brought("g-1", "nia@example.com", "n")).await;

    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.expect(503)["code"], "service_unavailable");
    assert_eq!(traces(&shop), [0; 5]);
}

#[actix_web::test]
async fn trying_to_come_in_is_counted_like_trying_passwords() {
    let provider = crate::support::fakes::FakeProvider::start().await;
    let shop = provider.shop(&[("THROTTLING", "on"), ("THROTTLE_LOGIN", "3/h")]).await;

    shop.anonymous().post(GOOGLE, json!({})).await.expect(400);
    shop.anonymous().post("/api/auth/oidc/acme/", json!({})).await.expect(400);
    shop.anonymous().get("/api/auth/google/login/").await.expect(400);

    assert_eq!(shop.anonymous().post("/api/auth/login/", json!({})).await.status.as_u16(), 429);
    assert_eq!(shop.anonymous().post(GOOGLE, json!({})).await.expect(429)["code"], "throttled");
}
