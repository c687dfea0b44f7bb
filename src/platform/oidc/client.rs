//! HTTP client for requests to providers.

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

/// Maximum size of a response. Discovery documents and key sets have a few kilobytes.
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// HTTP client without redirects, proxies and retries.
///
/// In production, it connects only over HTTPS and only to public addresses, so that a discovery document cannot make it
/// send requests to internal services. It resolves host names itself, once per connection, to prevent DNS rebinding.
pub(super) struct HttpClient {
    client: Client,
    pub is_public_only: bool,
}

impl HttpClient {
    pub fn new(is_public_only: bool) -> anyhow::Result<Self> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(8))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("Mercer/", env!("CARGO_PKG_VERSION")));
        let client = if is_public_only { client.dns_resolver(Arc::new(PublicAddressResolver)) } else { client };
        Ok(Self { client: client.build().context("an HTTP client for identity providers")?, is_public_only })
    }

    /// Checks that requests to this URL are allowed.
    pub fn ensure_allowed(&self, url: &Url) -> Result<(), OidcError> {
        let host = url.host_str().unwrap_or_default();
        let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let is_allowed = match (self.is_public_only, url.scheme()) {
            (true, "https") => address.is_none_or(is_public_address),
            (false, "https") => true,
            // A developer can run a provider on the same machine.
            (false, "http") => host == "localhost" || address.is_some_and(|address| address.is_loopback()),
            _ => false,
        };
        if is_allowed && !has_credentials {
            Ok(())
        } else {
            Err(OidcError::Unavailable(format!("requests to {host} are not allowed")))
        }
    }

    pub async fn get_json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, OidcError> {
        self.ensure_allowed(url)?;
        let response = self.client.get(url.clone()).send().await.map_err(request_failed)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(OidcError::Unavailable(format!("{url} returned {}", response.status())));
        }
        serde_json::from_slice(&body(response).await?).map_err(OidcError::unavailable)
    }

    /// Sends a request of the `oauth2` crate.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, OidcError> {
        let request = reqwest::Request::try_from(request).map_err(request_failed)?;
        self.ensure_allowed(request.url())?;
        let response = self.client.execute(request).await.map_err(request_failed)?;
        let mut converted = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            converted = converted.header(name, value);
        }
        converted.body(body(response).await?).map_err(OidcError::unavailable)
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, OidcError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(request_failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_RESPONSE_BYTES {
            return Err(OidcError::Unavailable("the response is too large".to_owned()));
        }
    }
    Ok(body)
}

/// Converts an error with its deepest cause; the outer message alone is only "error sending request".
fn request_failed(error: reqwest::Error) -> OidcError {
    let error = error.without_url();
    let mut deepest: &dyn Error = &error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    OidcError::Unavailable(format!("{error}: {deepest}"))
}

/// DNS resolver that drops non-public addresses.
struct PublicAddressResolver;

impl Resolve for PublicAddressResolver {
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

    fn is_allowed(is_public_only: bool, url: &str) -> bool {
        HttpClient::new(is_public_only).unwrap().ensure_allowed(&url.parse().unwrap()).is_ok()
    }

    #[test]
    fn production_allows_only_https_to_public_addresses() {
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
    fn development_allows_plain_http_to_loopback_only() {
        for url in ["http://127.0.0.1:9400/", "http://localhost:9400/", "http://[::1]:9400/", "https://sso.example/"] {
            assert!(is_allowed(false, url), "{url}");
        }
        for url in ["http://sso.example/", "http://10.0.0.1/", "http://localhost.example/"] {
            assert!(!is_allowed(false, url), "{url}");
        }
    }

    #[tokio::test]
    async fn host_name_with_a_private_address_is_rejected() {
        let found = PublicAddressResolver.resolve("localhost".parse().unwrap()).await;
        assert!(found.is_err_and(|error| error.to_string() == "localhost has no public address"));
    }
}
