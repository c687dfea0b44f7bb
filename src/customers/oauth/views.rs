//! JSON views of identities, and request bodies of sign-in.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::models::{Identity, IdentityId, ProviderCredential};
use crate::platform::api::View;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::request_body;
use crate::platform::oidc::CodeGrant;
use crate::platform::types::{NonEmptyText, Text};

/// Account at a provider that is linked to the user's account.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = SocialAccount, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d58", "provider": "google", "uid": "108204268033311374519",
    "last_login": "2026-11-21T08:00:00Z", "date_joined": "2026-11-02T09:00:00Z",
}))]
#[view(row = Identity)]
pub struct SocialAccountView {
    pub id: IdentityId,
    /// Name of the provider, such as `google`.
    pub provider: String,
    /// Subject: the user's id at the provider.
    #[view(field = subject)]
    pub uid: String,
    #[view(field = last_used_at)]
    pub last_login: DateTime<Utc>,
    #[view(field = created_at)]
    pub date_joined: DateTime<Utc>,
}

/// Either an authorization code with the redirect URL and the PKCE verifier of its authorization request, or an
/// id_token with its nonce. Each can be used once.
#[request_body(SocialLoginRequest)]
#[derive(Debug)]
#[schema(example = json!({
    "code": "4/0AX4XfWh", "redirect_uri": "https://shop.example/welcome",
    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
}))]
pub struct SocialLoginBody {
    pub code: Option<NonEmptyText<2048>>,
    /// Redirect URL of the authorization request. Must be equal to one of the configured URLs.
    pub redirect_uri: Option<NonEmptyText<2048>>,
    /// PKCE verifier, 43 to 128 characters (RFC 7636).
    pub code_verifier: Option<NonEmptyText<128>>,
    pub id_token: Option<NonEmptyText<8192>>,
    /// Nonce of the authorization request. Required with an id_token; optional with a code.
    pub nonce: Option<NonEmptyText<255>>,
    /// Not accepted, because an access token does not identify the client that it was issued to.
    pub access_token: Option<Text<8192>>,
    /// If true, the session is stored in cookies and the response contains no tokens, as in `login/`.
    pub cookie: Option<bool>,
}

impl SocialLoginBody {
    /// Validates the body. `redirect_urls` are the configured redirect URLs.
    pub(super) fn into_credential(self, redirect_urls: &[String]) -> Result<ProviderCredential, Problem> {
        let require = |name: &str, value: Option<String>| {
            value.ok_or_else(|| Problem::invalid(ErrorTree::member(name, ErrorTree::required())))
        };
        let nonce = self.nonce.map(NonEmptyText::into_inner);
        match (self.code, self.id_token) {
            (Some(code), None) => {
                let redirect_uri = require("redirect_uri", self.redirect_uri.map(NonEmptyText::into_inner))?;
                ensure_allowed("redirect_uri", &redirect_uri, redirect_urls)?;
                let verifier = require("code_verifier", self.code_verifier.map(NonEmptyText::into_inner))?;
                ensure_verifier(&verifier)?;
                Ok(ProviderCredential::Code(CodeGrant { code: code.into_inner(), redirect_uri, verifier, nonce }))
            }
            (None, Some(id_token)) => {
                Ok(ProviderCredential::IdToken { id_token: id_token.into_inner(), nonce: require("nonce", nonce)? })
            }
            (None, None) if self.access_token.is_some() => {
                let text = "Access tokens are not accepted: send a code or an id_token.";
                Err(Problem::invalid(ErrorTree::member("access_token", ErrorTree::message("invalid", text))))
            }
            (None, None) | (Some(_), Some(_)) => {
                let text = "Incorrect input. code or id_token is required.";
                Err(Problem::invalid(ErrorTree::non_field("invalid", text)))
            }
        }
    }
}

/// Checks that the URL is equal to an allowed one. Prefix matching would allow redirects to other sites.
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
    let tree = ErrorTree::message("invalid", "Enter 43 to 128 characters: letters, digits, and - . _ ~ only.");
    Err(Problem::invalid(ErrorTree::member("code_verifier", tree)))
}

/// Query parameters of a redirect to a provider, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameter; the handler reads it from the query")]
pub(super) struct RedirectParams {
    /// URL to redirect to after the sign-in. Must be equal to one of the configured URLs.
    #[param(required = true)]
    next: String,
}

/// Query parameters of a callback, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters; the handler reads them from the query")]
pub(super) struct CallbackParams {
    /// State of the authorization request.
    #[param(required = true)]
    state: String,
    /// Authorization code.
    code: Option<String>,
    /// Error code of the provider, instead of an authorization code.
    error: Option<String>,
}
