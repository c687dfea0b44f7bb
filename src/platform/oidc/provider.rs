//! The providers that are configured, and what each is asked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::JwkSet;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::OidcError;
use super::client::HttpClient;
use super::discovery::{Endpoints, discover};
use super::id_token::{Expected, IdentityClaims, check, find_key, read_header};
use super::keeping::Kept;
use crate::platform::clock::Clock;
use crate::platform::config::{Config, Environment, OidcSettings};

/// What OpenID Connect adds to a token answer.
#[derive(Debug, Deserialize, Serialize)]
struct WithIdToken {
    id_token: String,
}

impl ExtraTokenFields for WithIdToken {}

type OAuthClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// All providers of the settings.
pub struct Providers(Vec<Provider>);

impl Providers {
    pub fn new(config: &Config, clock: &Clock) -> anyhow::Result<Self> {
        let http = Arc::new(HttpClient::new(config.environment == Environment::Production)?);
        let provider = |settings: &OidcSettings| Provider {
            settings: settings.clone(),
            http: Arc::clone(&http),
            clock: clock.clone(),
            endpoints: Kept::default(),
            keys: Kept::default(),
        };
        Ok(Self(config.oidc_providers.iter().map(provider).collect()))
    }

    /// None where nobody has set up a provider of this name.
    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.name == name)
    }
}

/// Somebody who vouches for people.
pub struct Provider {
    settings: OidcSettings,
    http: Arc<HttpClient>,
    clock: Clock,
    endpoints: Kept<Endpoints>,
    keys: Kept<JwkSet>,
}

/// The secrets of one sign-in in a browser, of which the provider hears two and a digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Challenge {
    pub state: String,
    pub nonce: String,
    /// 43 characters or more.
    pub verifier: String,
    pub redirect_uri: String,
}

/// A code, with what shows that it was given to whoever brings it.
#[derive(Debug)]
pub struct Code {
    pub code: String,
    pub redirect_uri: String,
    pub verifier: String,
    /// What the token must repeat; none where the client kept to PKCE alone.
    pub nonce: Option<String>,
}

impl Provider {
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where a browser goes to be asked who it is.
    pub async fn authorization_url(&self, challenge: &Challenge) -> Result<Url, OidcError> {
        let client = self.oauth(&*self.endpoints().await?)?;
        let verifier = PkceCodeVerifier::new(challenge.verifier.clone());
        let state = challenge.state.clone();
        let (url, _) = client
            .set_redirect_uri(redirect_url(&challenge.redirect_uri)?)
            .authorize_url(|| CsrfToken::new(state))
            .add_scopes(["openid", "email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", &challenge.nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url)
    }

    /// Who a code is about.
    pub async fn redeem(&self, code: Code) -> Result<IdentityClaims, OidcError> {
        let client = self.oauth(&*self.endpoints().await?)?.set_redirect_uri(redirect_url(&code.redirect_uri)?);
        let ask = |request| self.http.call(request);
        let asked = client
            .exchange_code(AuthorizationCode::new(code.code))
            .set_pkce_verifier(PkceCodeVerifier::new(code.verifier))
            .request_async(&ask);
        let answer = asked.await.map_err(|error| match error {
            RequestTokenError::ServerResponse(refused) => refusal(refused.error()),
            RequestTokenError::Request(error) => error,
            RequestTokenError::Parse(error, _) => OidcError::unavailable(error),
            RequestTokenError::Other(error) => OidcError::Unavailable(error),
        })?;
        // A code is given to this client, so its token is for no other.
        let audiences = std::slice::from_ref(&self.settings.client_id);
        self.check(&answer.extra_fields().id_token, audiences, code.nonce.as_deref()).await
    }

    /// Who a token is about that somebody brings along.
    pub async fn verify(&self, id_token: &str, nonce: &str) -> Result<IdentityClaims, OidcError> {
        self.check(id_token, &self.settings.audiences, Some(nonce)).await
    }

    async fn check(&self, token: &str, audiences: &[String], nonce: Option<&str>) -> Result<IdentityClaims, OidcError> {
        let header = read_header(token)?;
        let now = self.clock.now();
        let endpoints = self.endpoints().await?;
        let is_known = |keys: &JwkSet| find_key(keys, &header).is_some();
        let keys = self.keys.get(now, is_known, async || self.http.get_json(&endpoints.keys).await).await?;
        let key = find_key(&keys, &header).ok_or(OidcError::TokenRefused("its key is not known"))?;
        check(token, &header, key, &Expected { issuer: self.issuer(), audiences, nonce, at: now })
    }

    async fn endpoints(&self) -> Result<Arc<Endpoints>, OidcError> {
        let now: DateTime<Utc> = self.clock.now();
        self.endpoints.get(now, |_| true, async || discover(&self.http, self.issuer()).await).await
    }

    fn oauth(&self, endpoints: &Endpoints) -> Result<OAuthClient, OidcError> {
        let auth = AuthUrl::new(endpoints.authorization.to_string()).map_err(OidcError::unavailable)?;
        let token = TokenUrl::new(endpoints.token.to_string()).map_err(OidcError::unavailable)?;
        let client =
            Client::new(ClientId::new(self.settings.client_id.clone())).set_auth_uri(auth).set_token_uri(token);
        let way = if endpoints.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        let client = client.set_auth_type(way);
        Ok(match &self.settings.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }
}

fn redirect_url(text: &str) -> Result<RedirectUrl, OidcError> {
    RedirectUrl::new(text.to_owned()).map_err(OidcError::unavailable)
}

/// A code that is wrong is the client's concern; everything else is between the provider and us.
fn refusal(error: &BasicErrorResponseType) -> OidcError {
    match error {
        BasicErrorResponseType::InvalidGrant | BasicErrorResponseType::InvalidRequest => OidcError::CodeRefused,
        other => OidcError::Unavailable(format!("it refuses us: {}", other.as_ref())),
    }
}
