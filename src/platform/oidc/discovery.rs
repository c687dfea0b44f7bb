//! Where a provider can be asked what, from its own document.

use reqwest::Url;
use serde::Deserialize;

use super::OidcError;
use super::client::HttpClient;

/// The part of a discovery document that we use.
#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Endpoints {
    pub authorization: Url,
    pub token: Url,
    pub keys: Url,
    /// The client's secret goes into the body, where the provider does not read it from a header.
    pub secret_in_body: bool,
}

/// Asks the issuer for its document. One that names another issuer is somebody else's (the mix-up attack).
pub(super) async fn discover(http: &HttpClient, issuer: &str) -> Result<Endpoints, OidcError> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(OidcError::unavailable)?;
    let document: Document = http.get_json(&url).await?;
    if document.issuer != issuer {
        return Err(OidcError::Unavailable(format!("the document of {issuer} is another issuer's")));
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
