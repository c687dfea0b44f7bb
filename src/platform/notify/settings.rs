//! Settings of the providers, as plain values; `config` reads them from the environment.

use std::time::Duration;

use crate::platform::secret::Secret;

/// Time limits for calls to a provider.
#[derive(Debug, Clone, Copy)]
pub struct ProviderTimeouts {
    /// Limit for the name lookup, the connection and the TLS handshake.
    pub connect: Duration,
    /// Limit for the complete call.
    pub total: Duration,
}

impl Default for ProviderTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30) }
    }
}

#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `smtp://user:password@host:587?tls=required`, `smtps://user:password@host` (encrypted from the first byte) or
    /// `smtp://host` (not encrypted: for a relay on the same machine). Special characters in the password must be
    /// percent-encoded.
    pub url: Secret,
    /// Sender, `shop@example.com` or `The Shop <shop@example.com>`.
    pub from: String,
    pub timeouts: ProviderTimeouts,
}

#[derive(Debug, Clone)]
pub struct AfricasTalkingSettings {
    /// [`Self::LIVE`], [`Self::SANDBOX`], or a fake server in tests.
    pub base_url: String,
    pub username: String,
    pub api_key: Secret,
    /// Registered sender name or short code. The default is the provider's shared sender.
    pub sender: Option<String>,
    pub timeouts: ProviderTimeouts,
}

impl AfricasTalkingSettings {
    pub const LIVE: &'static str = "https://api.africastalking.com";
    pub const SANDBOX: &'static str = "https://api.sandbox.africastalking.com";
}

#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// [`Self::LIVE`], or a fake server in tests.
    pub base_url: String,
    pub account_sid: String,
    pub auth_token: Secret,
    pub sender: TwilioSender,
    /// URL to which Twilio reports the delivery status of messages.
    pub status_callback: Option<String>,
    pub timeouts: ProviderTimeouts,
}

impl TwilioSettings {
    pub const LIVE: &'static str = "https://api.twilio.com";
}

/// Sender of a Twilio message.
#[derive(Debug, Clone)]
pub enum TwilioSender {
    /// Phone number (E.164) or sender name.
    Number(String),
    /// Id of a messaging service, which chooses one of its numbers.
    MessagingService(String),
}

/// Error in the settings of a provider. It never contains a secret, so it can be displayed and logged.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the SMTP URL {0}")]
    SmtpUrl(&'static str),
    #[error("the sender is not an e-mail address: {0:?}")]
    Sender(String),
    #[error("cannot set up TLS for the SMTP server: {0}")]
    Tls(String),
    #[error("the base URL must start with http:// or https://: {0:?}")]
    BaseUrl(String),
    #[error("the API key cannot be sent in an HTTP header")]
    ApiKey,
    #[error("cannot set up the HTTP client: {0}")]
    HttpClient(String),
    #[error("cannot create the folder for e-mails: {0}")]
    Folder(#[from] std::io::Error),
}
