//! One question to an SMS provider over HTTP, and what a failed one means.

use std::{error::Error, time::Duration};

use chrono::DateTime;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{DATE, HeaderName, RETRY_AFTER},
    redirect,
};

use super::super::{
    settings::{SettingsError, Timeouts},
    text::sms_reply,
};
use crate::platform::ports::DeliveryError;

/// Answers of providers are a few hundred bytes; more is an error page of something between.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Whoever asks for a longer pause than this is out of order; looking again is cheap.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// A client that sends each message once and only to the provider.
///
/// It follows no redirects and repeats nothing by itself, as neither provider knows a repeated
/// message from a new one. It takes no proxy from the environment: what carries our keys is
/// configured, not inherited.
pub(super) fn client(timeouts: Timeouts) -> Result<Client, SettingsError> {
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

/// The address of something below the provider's base URL.
pub(super) fn endpoint(base_url: &str, path: &str) -> Result<Url, SettingsError> {
    let wrong = || SettingsError::BaseUrl(base_url.to_owned());
    let url = Url::parse(&format!("{}{path}", base_url.trim_end_matches('/')));
    let url = url.map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(wrong()) }
}

/// What a provider answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    retry_after: Option<Duration>,
}

/// Asks, and takes the answer whatever its status.
///
/// Before the connection stands, nothing was sent. After that only an answer can tell, so a
/// time-out or a lost connection leaves it open.
pub(super) async fn ask(request: RequestBuilder) -> Result<Answer, DeliveryError> {
    let response = request.send().await.map_err(unanswered)?;
    let status = response.status();
    let retry_after = retry_after(&response);

    // Half a body is as good as none: the status of a failure is enough, and a success without
    // its words is unreadable, which leaves it just as open.
    let body = body(response).await.unwrap_or_default();
    Ok(Answer { status, body, retry_after })
}

impl Answer {
    /// What this answer means if it is not a success, in `words` of the provider's.
    ///
    /// - 401: it does not know *us*, so nothing is wrong with the message; it goes out when
    ///   somebody has set the key right.
    /// - 408, 429, 503: it has not looked at the message.
    /// - any other 5xx: something broke, perhaps after the message had been passed on.
    /// - the rest: it has looked, and does not want it.
    pub(super) fn failure(&self, words: &str) -> DeliveryError {
        let reason = sms_reply(&format!("HTTP {}: {words}", self.status.as_u16()));
        let retry_after = self.retry_after;
        match self.status {
            StatusCode::UNAUTHORIZED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE => DeliveryError::Unavailable { reason, retry_after },
            status if status.is_server_error() => DeliveryError::Uncertain { reason },
            _ => DeliveryError::Refused { reason },
        }
    }

    /// A success in a language we do not know: most likely it was sent.
    pub(super) fn unreadable(&self) -> DeliveryError {
        let status = self.status.as_u16();
        DeliveryError::Uncertain { reason: format!("HTTP {status} with an unreadable answer") }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            break;
        }
    }
    Ok(body)
}

fn unanswered(error: reqwest::Error) -> DeliveryError {
    let is_before_sending = error.is_connect();
    let reason = cause(&error.without_url());
    if is_before_sending {
        DeliveryError::Unavailable { reason, retry_after: None }
    } else {
        DeliveryError::Uncertain { reason }
    }
}

/// The error and what it came from; the first alone says only "error sending request".
fn cause(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    sms_reply(&format!("{error}: {deepest}"))
}

/// How long the provider asks us to wait, in seconds or until a date.
///
/// A date is compared with the answer's own `Date`: whether our clock agrees does not matter.
fn retry_after(response: &Response) -> Option<Duration> {
    let header = |name: HeaderName| response.headers().get(name)?.to_str().ok();
    let asked = header(RETRY_AFTER)?.trim();

    let pause = match asked.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(asked).ok()?;
            let now = DateTime::parse_from_rfc2822(header(DATE)?).ok()?;
            (until - now).to_std().unwrap_or_default()
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}
