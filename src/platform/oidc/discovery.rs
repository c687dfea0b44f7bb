//! Discovery of a provider's endpoints.

use reqwest::Url;
use serde::Deserialize;

use super::OidcError;
use super::client::HttpClient;

/// Fields of a discovery document that this client uses.
#[derive(Debug, Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// Endpoints of a provider.
#[derive(Debug)]
pub(super) struct Endpoints {
    pub authorization: Url,
    pub token: Url,
    pub keys: Url,
    /// True if the client secret must be sent in the body because the provider does not support HTTP Basic.
    pub secret_in_body: bool,
}

/// Fetches the issuer's discovery document. Rejects a document that names another issuer (mix-up attack).
pub(super) async fn discover(http: &HttpClient, issuer: &str) -> Result<Endpoints, OidcError> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(OidcError::unavailable)?;
    let document: DiscoveryDocument = http.get_json(&url).await?;
    if document.issuer != issuer {
        return Err(OidcError::Unavailable(format!("the discovery document of {issuer} names another issuer")));
    }
    for endpoint in [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri] {
        http.ensure_allowed(endpoint)?;
    }
    let methods = document.token_endpoint_auth_methods_supported;
    let offers = |method: &str| methods.iter().any(|known| known == method);
    Ok(Endpoints {
        authorization: document.authorization_endpoint,
        token: document.token_endpoint,
        keys: document.jwks_uri,
        secret_in_body: offers("client_secret_post") && !offers("client_secret_basic"),
    })
}
