//! HTTP requests to an SMS provider, and the meaning of their failures.

use std::{error::Error, time::Duration};

use chrono::DateTime;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{DATE, HeaderName, RETRY_AFTER},
    redirect,
};

use super::super::{
    settings::{ProviderTimeouts, SettingsError},
    text::sms_reply,
};
use crate::platform::ports::DeliveryError;

/// Maximum size of a response in bytes. Providers send a few hundred bytes; more is an error page of a proxy.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Longest pause that Mercer accepts from a provider. A longer one is probably a mistake of the provider.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates a client that sends each message once and only to the provider.
///
/// It follows no redirects and does not retry, because neither provider can detect a repeated message. It ignores
/// proxies of the environment, because requests contain credentials.
pub(super) fn client(timeouts: ProviderTimeouts) -> Result<Client, SettingsError> {
    Client::builder()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .user_agent(concat!("Mercer/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| SettingsError::HttpClient(error.to_string()))
}

/// Returns the URL of a path below the provider's base URL.
pub(super) fn endpoint(base_url: &str, path: &str) -> Result<Url, SettingsError> {
    let invalid = || SettingsError::BaseUrl(base_url.to_owned());
    let url = Url::parse(&format!("{}{path}", base_url.trim_end_matches('/')));
    let url = url.map_err(|_| invalid())?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(invalid()) }
}

/// Response of a provider.
pub(super) struct ProviderResponse {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    retry_after: Option<Duration>,
}

/// Sends a request and returns the response with any status.
///
/// If the connection cannot be opened, nothing was sent. Later, a timeout or a lost connection leaves the result
/// uncertain.
pub(super) async fn send(request: RequestBuilder) -> Result<ProviderResponse, DeliveryError> {
    let response = request.send().await.map_err(transport_error)?;
    let status = response.status();
    let retry_after = retry_after(&response);

    // A partial body is discarded. For a failure the status is enough; a success without a body is unreadable, so
    // the result is uncertain.
    let body = body(response).await.unwrap_or_default();
    Ok(ProviderResponse { status, body, retry_after })
}

impl ProviderResponse {
    /// Returns the error that an unsuccessful response means, with the provider's `message`.
    ///
    /// - 401: the credentials are wrong, not the message. A retry succeeds after an operator has corrected them.
    /// - 408, 429, 503: the provider has not processed the message.
    /// - any other 5xx: the provider failed, possibly after it had sent the message.
    /// - any other status: the provider rejected the message.
    pub(super) fn failure(&self, message: &str) -> DeliveryError {
        let reason = sms_reply(&format!("HTTP {}: {message}", self.status.as_u16()));
        let retry_after = self.retry_after;
        match self.status {
            StatusCode::UNAUTHORIZED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE => DeliveryError::Unavailable { reason, retry_after },
            status if status.is_server_error() => DeliveryError::Uncertain { reason },
            _ => DeliveryError::Rejected { reason },
        }
    }

    /// Returns the error for a success whose body cannot be parsed: the message was probably sent.
    pub(super) fn unreadable(&self) -> DeliveryError {
        let status = self.status.as_u16();
        DeliveryError::Uncertain { reason: format!("HTTP {status} with an unreadable response body") }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_RESPONSE_BYTES {
            break;
        }
    }
    Ok(body)
}

fn transport_error(error: reqwest::Error) -> DeliveryError {
    let is_before_sending = error.is_connect();
    let reason = cause(&error.without_url());
    if is_before_sending {
        DeliveryError::Unavailable { reason, retry_after: None }
    } else {
        DeliveryError::Uncertain { reason }
    }
}

/// Describes the error and its root cause, because the error itself says only "error sending request".
fn cause(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    sms_reply(&format!("{error}: {deepest}"))
}

/// Returns the pause that the provider requests, in seconds or until a date.
///
/// A date is compared with the `Date` header of the response, so that the local clock does not matter.
fn retry_after(response: &Response) -> Option<Duration> {
    let header = |name: HeaderName| response.headers().get(name)?.to_str().ok();
    let value = header(RETRY_AFTER)?.trim();

    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(value).ok()?;
            let now = DateTime::parse_from_rfc2822(header(DATE)?).ok()?;
            (until - now).to_std().unwrap_or_default()
        }
    };
    Some(pause.min(MAX_RETRY_AFTER))
}
