//! What the ways out need to know, as plain values; `config` reads them from the environment.

use std::time::Duration;

use crate::platform::secret::Secret;

/// How long a provider may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To be reached: name looked up, connected, encrypted.
    pub connect: Duration,
    /// For everything together.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30) }
    }
}

#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `smtp://user:password@host:587?tls=required`, `smtps://user:password@host` (encrypted
    /// from the first byte) or `smtp://host` (not encrypted: for a relay on the same machine).
    /// Whoever has a special character in a password percent-encodes it.
    pub url: Secret,
    /// The sender, `shop@example.com` or `The Shop <shop@example.com>`.
    pub from: String,
    pub timeouts: Timeouts,
}

#[derive(Debug, Clone)]
pub struct AfricasTalkingSettings {
    /// [`Self::LIVE`], [`Self::SANDBOX`], or a test's own server.
    pub base_url: String,
    pub username: String,
    pub api_key: Secret,
    /// A registered sender name or short code; without one, the provider's shared sender.
    pub sender: Option<String>,
    pub timeouts: Timeouts,
}

impl AfricasTalkingSettings {
    pub const LIVE: &'static str = "https://api.africastalking.com";
    pub const SANDBOX: &'static str = "https://api.sandbox.africastalking.com";
}

#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// [`Self::LIVE`], or a test's own server.
    pub base_url: String,
    pub account_sid: String,
    pub auth_token: Secret,
    pub sender: TwilioSender,
    /// Where Twilio reports what became of a message, if it should.
    pub status_callback: Option<String>,
    pub timeouts: Timeouts,
}

impl TwilioSettings {
    pub const LIVE: &'static str = "https://api.twilio.com";
}

/// Who a Twilio message comes from.
#[derive(Debug, Clone)]
pub enum TwilioSender {
    /// One number (E.164) or sender name of ours.
    Number(String),
    /// The id of a messaging service, which chooses one of its numbers.
    MessagingService(String),
}

/// Why a way out cannot be set up. It never repeats a secret, so it may be shown and logged.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the SMTP URL {0}")]
    SmtpUrl(&'static str),
    #[error("the sender is not an e-mail address: {0:?}")]
    Sender(String),
    #[error("TLS cannot be set up for this SMTP server: {0}")]
    Tls(String),
    #[error("the base URL is not an http or https one: {0:?}")]
    BaseUrl(String),
    #[error("the API key cannot be sent in an HTTP header")]
    ApiKey,
    #[error("the HTTP client cannot be set up: {0}")]
    HttpClient(String),
    #[error("the folder for mails cannot be made: {0}")]
    Folder(#[from] std::io::Error),
}
