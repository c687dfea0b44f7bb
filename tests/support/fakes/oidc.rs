//! A provider of OpenID Connect that a test has in its hand: it signs whatever it is told to.

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

/// The one page that people may be sent back to.
pub const REDIRECT_URL: &str = "https://shop.example/welcome";

/// `shop:word`, as the token endpoint hears it.
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

    /// For RS256 or PS256.
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

/// The key within PKCS#8, whose head has a fixed length for keys of this size.
fn pkcs1_of(pkcs8: &[u8]) -> &[u8] {
    &pkcs8[26..]
}

/// A code that somebody was given.
struct Given {
    redirect_uri: String,
    challenge: String,
    id_token: String,
}

struct State {
    keys: Vec<SigningKey>,
    codes: HashMap<String, Given>,
    discovery: Value,
    is_down: bool,
    given: usize,
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
            given: 0,
        }));
        let shared = Arc::clone(&state);
        let http = FakeHttp::answering(move |request| answer(&mut shared.lock().unwrap(), request)).await;
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

    /// The settings of a shop that lets people in by this provider, as Google and as `acme`.
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

    /// A shop that lets people in by this provider, with more settings.
    pub async fn shop(&self, more: &[(&str, &str)]) -> TestShop {
        let settings = self.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        TestShop::with_settings(&[settings.as_slice(), more].concat()).await
    }

    /// What a good token says of somebody, for five minutes.
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

    /// A good token, and the nonce in it, as a body.
    pub fn brought(&self, subject: &str, email: &str, nonce: &str) -> Value {
        json!({"id_token": self.sign(&self.claims(subject, email, nonce)), "nonce": nonce})
    }

    /// Signs by this key from now on, and shows it alone.
    pub fn rotate(&self, key: SigningKey) {
        self.state.lock().unwrap().keys = vec![key];
    }

    /// Says something else of itself.
    pub fn claim_to_be(&self, name: &str, value: Value) {
        self.state.lock().unwrap().discovery[name] = value;
    }

    pub fn go_down(&self, is_down: bool) {
        self.state.lock().unwrap().is_down = is_down;
    }

    /// A code for a token that says this, to be shown with this page and the verifier of this challenge.
    pub fn give_code(&self, redirect_uri: &str, challenge: &str, claims: &Value) -> String {
        let id_token = self.sign(claims);
        let mut state = self.state.lock().unwrap();
        state.given += 1;
        let code = format!("code-{}", state.given);
        let given = Given { redirect_uri: redirect_uri.to_owned(), challenge: challenge.to_owned(), id_token };
        state.codes.insert(code.clone(), given);
        code
    }

    /// Somebody says yes at this address: the query that they come back with.
    pub fn approve(&self, authorization_url: &str, subject: &str, email: &str) -> String {
        let query = query_of(authorization_url);
        let claims = self.claims(subject, email, &query["nonce"]);
        let code = self.give_code(&query["redirect_uri"], &query["code_challenge"], &claims);
        format!("code={code}&state={}", query["state"])
    }

    /// How often this path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        let asked = self.http.requests();
        asked.iter().filter(|request| request.target.ends_with(path)).count()
    }
}

pub fn query_of(url: &str) -> HashMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

/// The challenge that `S256` makes of a verifier.
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

fn answer(state: &mut State, request: &HttpRequest) -> HttpResponse {
    if state.is_down {
        return HttpResponse::HangUp;
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

/// As strict as RFC 6749 and RFC 7636 ask.
fn token(state: &mut State, request: &HttpRequest) -> HttpResponse {
    let refuse = |error: &str| HttpResponse::json(400, &json!({"error": error}));
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", CLIENT.0, CLIENT.1)));
    if request.headers.get("authorization") != Some(&basic) {
        return refuse("invalid_client");
    }
    let form = query_of(&format!("http://form/?{}", request.body));
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "authorization_code" {
        return refuse("unsupported_grant_type");
    }
    let Some(given) = state.codes.remove(field("code")) else { return refuse("invalid_grant") };
    if given.redirect_uri != field("redirect_uri") || given.challenge != challenge_of(field("code_verifier")) {
        return refuse("invalid_grant");
    }
    HttpResponse::json(200, &json!({"access_token": "a", "token_type": "Bearer", "id_token": given.id_token}))
}
