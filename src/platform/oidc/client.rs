//! Asks providers over HTTP.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use oauth2::{HttpRequest, HttpResponse, http};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, Url, redirect};
use serde::de::DeserializeOwned;

use super::OidcError;
use crate::platform::http::is_public_address;

/// Discovery documents and key sets have a few kilobytes.
const LARGEST_ANSWER: usize = 256 * 1024;

/// A client that goes where it is sent and nowhere else: no redirects, no proxies of the environment, nothing twice.
///
/// A strict one, as in production, speaks https to public addresses alone: whatever a discovery document names, it
/// reaches nothing inside. Names are looked up here, once for each connection, so none can point elsewhere later.
pub(super) struct HttpClient {
    client: Client,
    pub is_strict: bool,
}

impl HttpClient {
    pub fn new(is_strict: bool) -> anyhow::Result<Self> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(8))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("Mercer/", env!("CARGO_PKG_VERSION")));
        let client = if is_strict { client.dns_resolver(Arc::new(PublicOnly)) } else { client };
        Ok(Self { client: client.build().context("an HTTP client for identity providers")?, is_strict })
    }

    /// Whether we would go there at all.
    pub fn ensure_allowed(&self, url: &Url) -> Result<(), OidcError> {
        let host = url.host_str().unwrap_or_default();
        let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let is_plain = !url.username().is_empty() || url.password().is_some();
        let is_fine = match (self.is_strict, url.scheme()) {
            (true, "https") => address.is_none_or(is_public_address),
            (false, "https") => true,
            // For a provider that a developer runs beside us.
            (false, "http") => host == "localhost" || address.is_some_and(|address| address.is_loopback()),
            _ => false,
        };
        if is_fine && !is_plain { Ok(()) } else { Err(OidcError::Unavailable(format!("{host} is no place to ask"))) }
    }

    pub async fn get_json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, OidcError> {
        self.ensure_allowed(url)?;
        let response = self.client.get(url.clone()).send().await.map_err(unanswered)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(OidcError::Unavailable(format!("{url} answers {}", response.status())));
        }
        serde_json::from_slice(&body(response).await?).map_err(OidcError::unavailable)
    }

    /// What the oauth2 crate asks.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, OidcError> {
        let request = reqwest::Request::try_from(request).map_err(unanswered)?;
        self.ensure_allowed(request.url())?;
        let response = self.client.execute(request).await.map_err(unanswered)?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        answer.body(body(response).await?).map_err(OidcError::unavailable)
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, OidcError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(OidcError::Unavailable("the answer is too long".to_owned()));
        }
    }
    Ok(body)
}

/// The last cause; the first alone says only "error sending request".
fn unanswered(error: reqwest::Error) -> OidcError {
    let error = error.without_url();
    let mut deepest: &dyn Error = &error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    OidcError::Unavailable(format!("{error}: {deepest}"))
}

/// Looks names up and forgets what leads inside.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|address| is_public_address(address.ip())).collect();
            if addresses.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok::<Addrs, Box<dyn Error + Send + Sync>>(Box::new(addresses.into_iter()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(is_strict: bool, url: &str) -> bool {
        HttpClient::new(is_strict).unwrap().ensure_allowed(&url.parse().unwrap()).is_ok()
    }

    #[test]
    fn production_asks_over_tls_and_nobody_inside() {
        assert!(is_allowed(true, "https://accounts.google.com/keys"));
        for url in [
            "http://accounts.google.com/keys",
            "https://127.0.0.1/keys",
            "https://2130706433/keys",
            "https://0x7f.1/keys",
            "https://[::1]/keys",
            "https://[::ffff:10.0.0.1]/keys",
            "https://169.254.169.254/latest",
            "https://user:word@accounts.google.com/keys",
            "ftp://accounts.google.com/keys",
        ] {
            assert!(!is_allowed(true, url), "{url}");
        }
    }

    #[test]
    fn plain_http_is_for_a_developers_own_machine() {
        for url in ["http://127.0.0.1:9400/", "http://localhost:9400/", "http://[::1]:9400/", "https://sso.example/"] {
            assert!(is_allowed(false, url), "{url}");
        }
        for url in ["http://sso.example/", "http://10.0.0.1/", "http://localhost.example/"] {
            assert!(!is_allowed(false, url), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_followed() {
        let found = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(found.is_err_and(|error| error.to_string() == "localhost has no public address"));
    }
}
