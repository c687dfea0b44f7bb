//! OpenID Connect provider that signs any claims for a test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use mercer::platform::clock::Clock;
use reqwest::Url;
use serde_json::{Value, json};

use super::{FakeHttp, HttpRequest, HttpResponse};
use crate::support::TestShop;

/// The only allowed redirect URL.
pub const REDIRECT_URL: &str = "https://shop.example/welcome";

/// Client id and secret at the token endpoint.
const CLIENT: (&str, &str) = ("shop", "word");

#[derive(Clone)]
pub struct SigningKey {
    pub kid: String,
    pub algorithm: Algorithm,
    pub encoding: EncodingKey,
    pub jwk: Value,
}

impl SigningKey {
    pub fn elliptic(kid: &str) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self::new(kid, Algorithm::ES256, EncodingKey::from_ec_der(pkcs8.as_ref()))
    }

    /// Creates a key for RS256 or PS256.
    pub fn rsa(kid: &str, algorithm: Algorithm) -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&key).unwrap();
        Self::new(kid, algorithm, EncodingKey::from_rsa_der(pkcs1_of(pkcs8.as_ref())))
    }

    fn new(kid: &str, algorithm: Algorithm, encoding: EncodingKey) -> Self {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&encoding, algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(kid);
        Self { kid: kid.to_owned(), algorithm, encoding, jwk }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.encoding).unwrap()
    }
}

/// Returns the key inside a PKCS#8 document, whose header has a fixed length for keys of this size.
fn pkcs1_of(pkcs8: &[u8]) -> &[u8] {
    &pkcs8[26..]
}

/// Issued authorization code.
struct IssuedCode {
    redirect_uri: String,
    challenge: String,
    id_token: String,
}

struct State {
    keys: Vec<SigningKey>,
    codes: HashMap<String, IssuedCode>,
    discovery: Value,
    is_down: bool,
    issued: usize,
}

pub struct FakeProvider {
    http: FakeHttp,
    state: Arc<Mutex<State>>,
}

impl FakeProvider {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            keys: vec![SigningKey::elliptic("first")],
            codes: HashMap::new(),
            discovery: json!({}),
            is_down: false,
            issued: 0,
        }));
        let shared = Arc::clone(&state);
        let http = FakeHttp::with_handler(move |request| respond(&mut shared.lock().unwrap(), request)).await;
        let issuer = http.url();
        state.lock().unwrap().discovery = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        Self { http, state }
    }

    pub fn issuer(&self) -> String {
        self.http.url()
    }

    /// Returns the settings of a shop with this provider, as Google and as `acme`.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OIDC_GOOGLE_CLIENT_ID", CLIENT.0.to_owned()),
            ("OIDC_GOOGLE_CLIENT_SECRET", CLIENT.1.to_owned()),
            ("OIDC_GOOGLE_ISSUER", self.issuer()),
            ("OIDC_GOOGLE_AUDIENCES", "shop-app".to_owned()),
            ("OIDC_PROVIDERS", "acme".to_owned()),
            ("OIDC_ACME_CLIENT_ID", CLIENT.0.to_owned()),
            ("OIDC_ACME_CLIENT_SECRET", CLIENT.1.to_owned()),
            ("OIDC_ACME_ISSUER", self.issuer()),
            ("AUTH_REDIRECT_URLS", REDIRECT_URL.to_owned()),
        ]
    }

    /// Creates a shop with this provider and further settings.
    pub async fn shop(&self, more: &[(&str, &str)]) -> TestShop {
        let settings = self.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        TestShop::with_settings(&[settings.as_slice(), more].concat()).await
    }

    /// Returns the claims of a valid token that expires in five minutes.
    pub fn claims(&self, subject: &str, email: &str, nonce: &str) -> Value {
        let now = Clock::system().now().timestamp();
        json!({
            "iss": self.issuer(), "sub": subject, "aud": CLIENT.0, "iat": now, "exp": now + 300, "nonce": nonce,
            "email": email, "email_verified": true, "given_name": "Nia", "family_name": "Mwangi",
        })
    }

    pub fn key(&self) -> SigningKey {
        self.state.lock().unwrap().keys.last().unwrap().clone()
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.key().sign(claims)
    }

    /// Returns a request body with a valid token and its nonce.
    pub fn id_token_body(&self, subject: &str, email: &str, nonce: &str) -> Value {
        json!({"id_token": self.sign(&self.claims(subject, email, nonce)), "nonce": nonce})
    }

    /// Signs with this key from now on, and publishes no other key.
    pub fn rotate(&self, key: SigningKey) {
        self.state.lock().unwrap().keys = vec![key];
    }

    /// Changes a member of the discovery document.
    pub fn set_discovery(&self, name: &str, value: Value) {
        self.state.lock().unwrap().discovery[name] = value;
    }

    pub fn set_down(&self, is_down: bool) {
        self.state.lock().unwrap().is_down = is_down;
    }

    /// Issues a code for a token with these claims. It requires the redirect URL and the verifier of the challenge.
    pub fn issue_code(&self, redirect_uri: &str, challenge: &str, claims: &Value) -> String {
        let id_token = self.sign(claims);
        let mut state = self.state.lock().unwrap();
        state.issued += 1;
        let code = format!("code-{}", state.issued);
        let issued = IssuedCode { redirect_uri: redirect_uri.to_owned(), challenge: challenge.to_owned(), id_token };
        state.codes.insert(code.clone(), issued);
        code
    }

    /// Approves the authorization request and returns the query of the redirect.
    pub fn approve(&self, authorization_url: &str, subject: &str, email: &str) -> String {
        let query = query_parameters(authorization_url);
        let claims = self.claims(subject, email, &query["nonce"]);
        let code = self.issue_code(&query["redirect_uri"], &query["code_challenge"], &claims);
        format!("code={code}&state={}", query["state"])
    }

    /// Returns the number of requests for this path.
    pub fn request_count(&self, path: &str) -> usize {
        let requests = self.http.requests();
        requests.iter().filter(|request| request.target.ends_with(path)).count()
    }
}

pub fn query_parameters(url: &str) -> HashMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

/// Returns the `S256` challenge of a verifier.
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

fn respond(state: &mut State, request: &HttpRequest) -> HttpResponse {
    if state.is_down {
        return HttpResponse::Disconnect;
    }
    match request.target.as_str() {
        "GET /.well-known/openid-configuration" => HttpResponse::json(200, &state.discovery),
        "GET /keys" => {
            let keys: Vec<&Value> = state.keys.iter().map(|key| &key.jwk).collect();
            HttpResponse::json(200, &json!({"keys": keys}))
        }
        "POST /token" => token(state, request),
        other => HttpResponse::json(404, &json!({"error": other})),
    }
}

/// Token endpoint according to RFC 6749 and RFC 7636.
fn token(state: &mut State, request: &HttpRequest) -> HttpResponse {
    let reject = |error: &str| HttpResponse::json(400, &json!({"error": error}));
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", CLIENT.0, CLIENT.1)));
    if request.headers.get("authorization") != Some(&basic) {
        return reject("invalid_client");
    }
    let form = query_parameters(&format!("http://form/?{}", request.body));
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "authorization_code" {
        return reject("unsupported_grant_type");
    }
    let Some(issued) = state.codes.remove(field("code")) else { return reject("invalid_grant") };
    if issued.redirect_uri != field("redirect_uri") || issued.challenge != code_challenge(field("code_verifier")) {
        return reject("invalid_grant");
    }
    HttpResponse::json(200, &json!({"access_token": "a", "token_type": "Bearer", "id_token": issued.id_token}))
}
