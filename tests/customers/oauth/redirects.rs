//! Open redirects: only configured URLs are accepted as `next` and `redirect_uri`.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{REDIRECT_URL, VERIFIER, shop_and_provider, sign_in};

/// URLs that resemble the allowed one, as used to bypass filters.
fn disallowed_urls() -> Vec<String> {
    let urls = [
        "//evil.example/welcome",
        "///evil.example",
        "https://evil.example/welcome",
        "http://shop.example/welcome",
        "https:\\\\evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https://shop.example\\@evil.example/welcome",
        "https://shop.example@evil.example/welcome",
        "https://evil.example/https://shop.example/welcome",
        "https://shop.example.evil.example/welcome",
        "https://evil.shop.example/welcome",
        "https://notshop.example/welcome",
        "https://shop.example:8443/welcome",
        "https://shop.example/welcome/",
        "https://shop.example/welcome/../../evil",
        "https://shop.example/welcome?next=//evil.example",
        "https://shop.example/welcome#x",
        "https://shop.example/welcome%2f..%2fevil",
        "https://shop.example/Welcome",
        "HTTPS://shop.example/welcome",
        "https://shop.example/",
        "https://shop.example",
        " https://shop.example/welcome",
        "https://shop.example/welcome ",
        "https://shop.example/welcome\n",
        "https://shop.example/welcome\t.evil.example",
        "https://shop.example/welcome\r\nset-cookie: a=b",
        "https%3A%2F%2Fshop.example%2Fwelcome",
        "javascript:alert(1)//https://shop.example/welcome",
        "data:text/html,x",
        "/welcome",
        "welcome",
        "https://shop\u{3002}example/welcome",
        "https://sh\u{43e}p.example/welcome",
        "https:shop.example/welcome",
    ];
    urls.map(str::to_owned).into()
}

#[actix_web::test]
async fn next_url_must_equal_an_allowed_url() {
    let (shop, provider) = shop_and_provider().await;
    let login = async |next: &str| {
        let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
        shop.anonymous().get(&format!("/api/auth/google/login/?next={next}")).await
    };
    for url in disallowed_urls() {
        let response = login(&url).await;
        assert_eq!(response.header("location"), None, "{url:?}");
        assert_eq!(response.expect(400), json!({"next": ["This URL is not allowed."]}), "{url:?}");
    }
    let missing = shop.anonymous().get("/api/auth/google/login/").await;
    assert_eq!(missing.expect(400), json!({"next": ["This field is required."]}));
    assert_eq!(shop.number("select count(*) from oauth_attempts"), 0);
    assert_eq!(provider.request_count("openid-configuration"), 0, "the provider receives no request");

    assert_eq!(login(REDIRECT_URL).await.status.as_u16(), 302);
    let two = "/api/auth/google/login/?next=https://shop.example/welcome&next=https://evil.example/";
    assert_eq!(shop.anonymous().get(two).await.status.as_u16(), 400, "the last value is used");
}

#[actix_web::test]
async fn redirect_uri_must_equal_an_allowed_url() {
    let (shop, provider) = shop_and_provider().await;
    for url in disallowed_urls().into_iter().filter(|url| url.trim() != REDIRECT_URL) {
        let body = json!({"code": "code", "redirect_uri": url, "code_verifier": VERIFIER});
        let response = sign_in(&shop, body).await;
        assert_eq!(response.expect(400), json!({"redirect_uri": ["This URL is not allowed."]}), "{url:?}");
    }
    assert_eq!(provider.request_count("/token"), 0);
}

#[actix_web::test]
async fn callback_url_ignores_host_headers() {
    let (shop, provider) = shop_and_provider().await;
    let attacker = shop.anonymous().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");

    let response = attacker.get("/api/auth/google/login/?next=https://shop.example/welcome").await;

    let parameters = crate::support::fakes::query_parameters(response.header("location").unwrap());
    assert_eq!(parameters["redirect_uri"], "http://127.0.0.1:8000/api/auth/google/callback/");
    assert!(response.header("location").unwrap().starts_with(&provider.issuer()));
}
