//! Sign-in with a third-party provider: oidc-provider-mock, in a separate process.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{REDIRECT_URL, VERIFIER, sign_in, traces};
use crate::support::TestShop;
use crate::support::fakes::{code_challenge, query_parameters};

/// Installed by `make setup`.
const EXECUTABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/oidc-provider-mock");

/// Provider process, killed on drop.
struct RealProvider {
    issuer: String,
    http: reqwest::Client,
    process: Child,
}

impl RealProvider {
    async fn start() -> Self {
        assert!(Path::new(EXECUTABLE).exists(), "{EXECUTABLE} is missing; make setup installs it");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let nia = json!({
            "sub": "nia", "email": "nia@example.com", "email_verified": true, "given_name": "Nia",
            "family_name": "Mwangi",
        });
        let process = Command::new(EXECUTABLE)
            .args(["--port", &port.to_string(), "--require-nonce", "true"])
            .args(["--user-claims", &nia.to_string()])
            .args(["--user-claims", &json!({"sub": "kim", "email": "kim@example.com"}).to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let provider = Self { issuer: format!("http://127.0.0.1:{port}"), http, process };
        for _ in 0..600 {
            if provider.http.get(format!("{}/jwks", provider.issuer)).send().await.is_ok() {
                return provider;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the provider does not respond");
    }

    /// Selects a user on the provider's page and returns the query of the redirect.
    async fn approve(&self, url: &str, user: &str) -> String {
        let response = self.http.post(url).form(&[("sub", user)]).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 302);
        let location = response.headers()["location"].to_str().unwrap();
        location.split_once('?').unwrap().1.to_owned()
    }

    async fn shop(&self) -> TestShop {
        let settings = [
            ("OIDC_GOOGLE_CLIENT_ID", "shop"),
            ("OIDC_GOOGLE_CLIENT_SECRET", "word"),
            ("OIDC_GOOGLE_ISSUER", self.issuer.as_str()),
            ("AUTH_REDIRECT_URLS", REDIRECT_URL),
        ];
        TestShop::with_settings(&settings).await
    }

    /// Returns a code that a client obtains without this server.
    async fn code_for(&self, user: &str, nonce: &str) -> String {
        let parameters = [
            ("client_id", "shop"),
            ("redirect_uri", REDIRECT_URL),
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("state", "s"),
            ("nonce", nonce),
            ("code_challenge", &code_challenge(VERIFIER)),
            ("code_challenge_method", "S256"),
        ];
        let url = reqwest::Url::parse_with_params(&format!("{}/oauth2/authorize", self.issuer), parameters).unwrap();
        query_parameters(&format!("http://back/?{}", self.approve(url.as_str(), user).await))["code"].clone()
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[actix_web::test]
async fn real_provider_supports_sign_in_by_browser_code_and_id_token() {
    let provider = RealProvider::start().await;
    let shop = provider.shop().await;

    let sent = shop.anonymous().get("/api/auth/google/login/?next=https://shop.example/welcome").await;
    let cookie = sent.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let query = provider.approve(sent.header("location").unwrap(), "nia").await;
    let browser = shop.anonymous().with_header("cookie", &cookie);
    let back = browser.get(&format!("/api/auth/google/callback/?{query}")).await;
    assert_eq!((back.status.as_u16(), back.header("location")), (302, Some(REDIRECT_URL)));
    assert!(back.joined_header("set-cookie").contains("__Host-session="));

    let by_code =
        |code: String| json!({"code": code, "redirect_uri": REDIRECT_URL, "code_verifier": VERIFIER, "nonce": "one"});
    let code = by_code(provider.code_for("nia", "one").await);
    let login = sign_in(&shop, code.clone()).await.expect(200);
    assert_eq!((&login["user"]["email"], &login["user"]["first_name"]), (&json!("nia@example.com"), &json!("Nia")));
    assert_eq!(sign_in(&shop, code).await.status.as_u16(), 400, "a code is accepted once");

    let form = [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT_URL), ("client_id", "shop")];
    let code = provider.code_for("nia", "two").await;
    let request = provider.http.post(format!("{}/oauth2/token", provider.issuer)).basic_auth("shop", Some("word"));
    let tokens: Value =
        request.form(&[form.as_slice(), &[("code", &code)]].concat()).send().await.unwrap().json().await.unwrap();
    let body = json!({"id_token": tokens["id_token"], "nonce": "two"});
    assert_eq!(sign_in(&shop, body).await.expect(200)["user"], login["user"]);
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 3]);

    let unverified = sign_in(&shop, by_code(provider.code_for("kim", "one").await)).await.expect(400);
    assert_eq!(unverified, super::non_field_error("The provider has not verified this e-mail address."));
    assert_eq!(traces(&shop)[..4], [1, 1, 1, 3]);
}
