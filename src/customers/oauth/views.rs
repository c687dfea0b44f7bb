//! Identities as JSON, and what may be brought along to sign in.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::models::{Identity, IdentityId};
use super::vouching::Proof;
use crate::platform::api::Resource;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::body;
use crate::platform::oidc::Code;
use crate::platform::types::{Line, Paragraph};

/// An account at a provider that opens the user's account here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SocialAccount)]
pub struct SocialAccountView {
    pub id: IdentityId,
    /// `google`, or another provider's name.
    pub provider: String,
    /// Who they are there.
    pub uid: String,
    pub last_login: DateTime<Utc>,
    pub date_joined: DateTime<Utc>,
}

impl Resource for SocialAccountView {}

impl From<Identity> for SocialAccountView {
    fn from(identity: Identity) -> Self {
        let Identity { id, provider, subject, created_at, last_used_at, .. } = identity;
        Self { id, provider, uid: subject, last_login: last_used_at, date_joined: created_at }
    }
}

body! {
    /// Either a code of the provider's, with the URL it was sent to and the PKCE verifier it was asked for with; or an
    /// id_token, with the nonce it was asked for with. Each counts once.
    #[schema(as = SocialLoginRequest, example = json!({
        "code": "4/0AX4XfWh", "redirect_uri": "https://shop.example/welcome",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }))]
    pub struct SocialLoginBody {
        pub code: Option<Line<2048>>,
        /// One of the URLs in the shop's settings, exactly.
        pub redirect_uri: Option<Line<2048>>,
        /// 43 to 128 characters (RFC 7636).
        pub code_verifier: Option<Line<128>>,
        pub id_token: Option<Line<8192>>,
        /// Needed with an id_token; compared with the token's, where one comes with a code.
        pub nonce: Option<Line<255>>,
        /// Refused: it does not say for whom it was made.
        pub access_token: Option<Paragraph<8192>>,
        /// For browsers, as at `login/`: the session goes into a cookie, and the answer has no tokens.
        pub cookie: Option<bool>,
    }
}

impl SocialLoginBody {
    /// `redirect_urls` are those that codes may have been sent to.
    pub(super) fn into_proof(self, redirect_urls: &[String]) -> Result<Proof, Problem> {
        let needed = |name: &str, value: Option<String>| {
            value.ok_or_else(|| Problem::invalid(ErrorTree::member(name, ErrorTree::required())))
        };
        let nonce = self.nonce.map(Line::into_inner);
        match (self.code, self.id_token) {
            (Some(code), None) => {
                let redirect_uri = needed("redirect_uri", self.redirect_uri.map(Line::into_inner))?;
                ensure_allowed("redirect_uri", &redirect_uri, redirect_urls)?;
                let verifier = needed("code_verifier", self.code_verifier.map(Line::into_inner))?;
                ensure_verifier(&verifier)?;
                Ok(Proof::Code(Code { code: code.into_inner(), redirect_uri, verifier, nonce }))
            }
            (None, Some(id_token)) => {
                Ok(Proof::IdToken { id_token: id_token.into_inner(), nonce: needed("nonce", nonce)? })
            }
            (None, None) if self.access_token.is_some() => {
                let text = "Access tokens are not accepted: send a code or an id_token.";
                Err(Problem::invalid(ErrorTree::member("access_token", ErrorTree::message("invalid", text))))
            }
            (None, None) | (Some(_), Some(_)) => {
                let text = "Incorrect input. code or id_token is required.";
                Err(Problem::invalid(ErrorTree::of_object("invalid", text)))
            }
        }
    }
}

/// Exactly one of the allowed: what is like it leads elsewhere.
pub(super) fn ensure_allowed(name: &str, url: &str, allowed: &[String]) -> Result<(), Problem> {
    if allowed.iter().any(|known| known == url) {
        return Ok(());
    }
    Err(Problem::invalid(ErrorTree::member(name, ErrorTree::message("invalid", "This URL is not allowed."))))
}

fn ensure_verifier(verifier: &str) -> Result<(), Problem> {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved) {
        return Ok(());
    }
    let tree = ErrorTree::message("invalid", "A code verifier has 43 to 128 letters, digits, or any of - . _ ~");
    Err(Problem::invalid(ErrorTree::member("code_verifier", tree)))
}

/// For the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameter, which is read with the rest of the query")]
pub(super) struct BeginParams {
    /// Where the browser goes on after signing in: one of the URLs in the shop's settings, exactly.
    #[param(required = true)]
    next: String,
}

/// For the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameters, which are read with the rest of the query")]
pub(super) struct ReturnParams {
    /// What the provider was given when the browser was sent there.
    #[param(required = true)]
    state: String,
    /// What the provider gives for it.
    code: Option<String>,
    /// Why the provider gives none.
    error: Option<String>,
}
