//! Configured providers and the requests to them.

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
use super::cache::RefreshingCache;
use super::client::HttpClient;
use super::discovery::{Endpoints, discover};
use super::id_token::{ExpectedClaims, IdentityClaims, find_key, read_header, verify};
use crate::platform::clock::Clock;
use crate::platform::config::{Config, Environment, OidcSettings};

/// Field that OpenID Connect adds to a token response.
#[derive(Debug, Deserialize, Serialize)]
struct IdTokenField {
    id_token: String,
}

impl ExtraTokenFields for IdTokenField {}

type OAuthClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// All configured providers.
pub struct Providers(Vec<Provider>);

impl Providers {
    pub fn new(config: &Config, clock: &Clock) -> anyhow::Result<Self> {
        let http = Arc::new(HttpClient::new(config.environment == Environment::Production)?);
        let provider = |settings: &OidcSettings| Provider {
            settings: settings.clone(),
            http: Arc::clone(&http),
            clock: clock.clone(),
            endpoints: RefreshingCache::default(),
            keys: RefreshingCache::default(),
        };
        Ok(Self(config.oidc_providers.iter().map(provider).collect()))
    }

    /// Returns the provider with this name, if it is configured.
    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.name == name)
    }
}

/// OpenID Connect provider with its cached endpoints and keys.
pub struct Provider {
    settings: OidcSettings,
    http: Arc<HttpClient>,
    clock: Clock,
    endpoints: RefreshingCache<Endpoints>,
    keys: RefreshingCache<JwkSet>,
}

/// Parameters of an authorization request in a browser. The provider receives the verifier only as a digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub state: String,
    pub nonce: String,
    /// PKCE verifier of at least 43 characters.
    pub verifier: String,
    pub redirect_uri: String,
}

/// Authorization code with the parameters that prove that it was issued to this client.
#[derive(Debug)]
pub struct CodeGrant {
    pub code: String,
    pub redirect_uri: String,
    pub verifier: String,
    /// Nonce that the id_token must contain. `None` if the client uses only PKCE.
    pub nonce: Option<String>,
}

impl Provider {
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Returns the URL that a browser is redirected to.
    pub async fn authorization_url(&self, authorization: &AuthorizationRequest) -> Result<Url, OidcError> {
        let client = self.oauth_client(&*self.endpoints().await?)?;
        let verifier = PkceCodeVerifier::new(authorization.verifier.clone());
        let state = authorization.state.clone();
        let (url, _) = client
            .set_redirect_uri(redirect_url(&authorization.redirect_uri)?)
            .authorize_url(|| CsrfToken::new(state))
            .add_scopes(["openid", "email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", &authorization.nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url)
    }

    /// Exchanges a code for an id_token and returns its verified claims.
    pub async fn exchange_code(&self, code: CodeGrant) -> Result<IdentityClaims, OidcError> {
        let client = self.oauth_client(&*self.endpoints().await?)?.set_redirect_uri(redirect_url(&code.redirect_uri)?);
        let send = |request| self.http.call(request);
        let request = client
            .exchange_code(AuthorizationCode::new(code.code))
            .set_pkce_verifier(PkceCodeVerifier::new(code.verifier))
            .request_async(&send);
        let response = request.await.map_err(|error| match error {
            RequestTokenError::ServerResponse(response) => token_error(response.error()),
            RequestTokenError::Request(error) => error,
            RequestTokenError::Parse(error, _) => OidcError::unavailable(error),
            RequestTokenError::Other(error) => OidcError::Unavailable(error),
        })?;
        // The code was issued to this client, so the token must have this client as its only audience.
        let audiences = std::slice::from_ref(&self.settings.client_id);
        self.verify_token(&response.extra_fields().id_token, audiences, code.nonce.as_deref()).await
    }

    /// Verifies an id_token that a client sent and returns its claims.
    pub async fn verify_id_token(&self, id_token: &str, nonce: &str) -> Result<IdentityClaims, OidcError> {
        self.verify_token(id_token, &self.settings.audiences, Some(nonce)).await
    }

    async fn verify_token(
        &self,
        token: &str,
        audiences: &[String],
        nonce: Option<&str>,
    ) -> Result<IdentityClaims, OidcError> {
        let header = read_header(token)?;
        let now = self.clock.now();
        let endpoints = self.endpoints().await?;
        let is_known = |keys: &JwkSet| find_key(keys, &header).is_some();
        let keys = self.keys.get(now, is_known, async || self.http.get_json(&endpoints.keys).await).await?;
        let key = find_key(&keys, &header).ok_or(OidcError::TokenRejected("the key is unknown"))?;
        verify(token, &header, key, &ExpectedClaims { issuer: self.issuer(), audiences, nonce, at: now })
    }

    async fn endpoints(&self) -> Result<Arc<Endpoints>, OidcError> {
        let now: DateTime<Utc> = self.clock.now();
        self.endpoints.get(now, |_| true, async || discover(&self.http, self.issuer()).await).await
    }

    fn oauth_client(&self, endpoints: &Endpoints) -> Result<OAuthClient, OidcError> {
        let auth = AuthUrl::new(endpoints.authorization.to_string()).map_err(OidcError::unavailable)?;
        let token = TokenUrl::new(endpoints.token.to_string()).map_err(OidcError::unavailable)?;
        let client =
            Client::new(ClientId::new(self.settings.client_id.clone())).set_auth_uri(auth).set_token_uri(token);
        let auth_type = if endpoints.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        let client = client.set_auth_type(auth_type);
        Ok(match &self.settings.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }
}

fn redirect_url(text: &str) -> Result<RedirectUrl, OidcError> {
    RedirectUrl::new(text.to_owned()).map_err(OidcError::unavailable)
}

/// Converts an error of the token endpoint. Only a wrong code is the client's error.
fn token_error(error: &BasicErrorResponseType) -> OidcError {
    match error {
        BasicErrorResponseType::InvalidGrant | BasicErrorResponseType::InvalidRequest => OidcError::CodeRejected,
        other => OidcError::Unavailable(format!("the token endpoint returned {}", other.as_ref())),
    }
}
