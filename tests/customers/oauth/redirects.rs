//! Nobody is sent on to an address of a stranger's choice.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{REDIRECT_URL, VERIFIER, shop_and_provider, sign_in};

/// Like the one that is allowed, in the ways by which filters are passed.
fn tricks() -> Vec<String> {
    let tricks = [
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
    tricks.map(str::to_owned).into()
}

#[actix_web::test]
async fn a_browser_goes_on_to_exactly_what_is_allowed() {
    let (shop, provider) = shop_and_provider().await;
    let login = async |next: &str| {
        let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
        shop.anonymous().get(&format!("/api/auth/google/login/?next={next}")).await
    };
    for trick in tricks() {
        let answer = login(&trick).await;
        assert_eq!(answer.header("location"), None, "{trick:?}");
        assert_eq!(answer.expect(400), json!({"next": ["This URL is not allowed."]}), "{trick:?}");
    }
    let missing = shop.anonymous().get("/api/auth/google/login/").await;
    assert_eq!(missing.expect(400), json!({"next": ["This field is required."]}));
    assert_eq!(shop.number("select count(*) from oauth_attempts"), 0);
    assert_eq!(provider.asked("openid-configuration"), 0, "nobody is asked for a stranger's sake");

    assert_eq!(login(REDIRECT_URL).await.status.as_u16(), 302);
    let two = "/api/auth/google/login/?next=https://shop.example/welcome&next=https://evil.example/";
    assert_eq!(shop.anonymous().get(two).await.status.as_u16(), 400, "the last one counts");
}

#[actix_web::test]
async fn a_code_counts_for_exactly_the_page_that_is_allowed() {
    let (shop, provider) = shop_and_provider().await;
    for trick in tricks().into_iter().filter(|trick| trick.trim() != REDIRECT_URL) {
        let body = json!({"code": "code", "redirect_uri": trick, "code_verifier": VERIFIER});
        let answer = sign_in(&shop, body).await;
        assert_eq!(answer.expect(400), json!({"redirect_uri": ["This URL is not allowed."]}), "{trick:?}");
    }
    assert_eq!(provider.asked("/token"), 0);
}

#[actix_web::test]
async fn the_host_that_a_stranger_names_is_not_where_anybody_is_sent_back_to() {
    let (shop, provider) = shop_and_provider().await;
    let stranger = shop.anonymous().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");

    let answer = stranger.get("/api/auth/google/login/?next=https://shop.example/welcome").await;

    let asked = crate::support::fakes::query_of(answer.header("location").unwrap());
    assert_eq!(asked["redirect_uri"], "http://127.0.0.1:8000/api/auth/google/callback/");
    assert!(answer.header("location").unwrap().starts_with(&provider.issuer()));
}
