//! Connections to a mail server: address, encryption, login and the pool of idle connections.
//!
//! Uses lettre's connection instead of its pooled transport, because the transport does not report in which stage a
//! send failed. The stage determines whether Mercer can retry.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    self,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use tokio::time::Instant;

use super::super::settings::SettingsError;
use crate::platform::secret::Secret;

/// Authentication mechanisms that every server supports. Both send the password unencrypted, so TLS is required.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Maximum number of idle connections. More connections are opened while more e-mails are sent concurrently.
const MAX_IDLE: usize = 4;

/// Maximum idle time of a connection. Mail servers close idle connections after a few minutes at most.
const MAX_IDLE_TIME: Duration = Duration::from_secs(30);

enum Encryption {
    None,
    /// `STARTTLS` before the login and before any e-mail.
    StartTls(TlsParameters),
    /// TLS from the first byte.
    Implicit(TlsParameters),
}

/// Mail server of an SMTP URL.
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
}

impl SmtpServer {
    pub(super) fn parse(url: &Secret) -> Result<Self, SettingsError> {
        let url = Url::parse(url.expose()).map_err(|_| SettingsError::SmtpUrl("is not a valid URL"))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(SettingsError::SmtpUrl("has no host"));
        }
        let (encryption, default_port) = encryption(&url, &host)?;

        let credentials = credentials(&url)?;
        reject_unencrypted_password(!matches!(encryption, Encryption::None), credentials.is_some(), &host)?;
        Ok(Self { port: url.port().unwrap_or(default_port), credentials, host, encryption })
    }

    /// Connects, starts TLS and logs in.
    pub(super) async fn connect(&self, timeout: Duration) -> Result<AsyncSmtpConnection, smtp::Error> {
        let name = ClientId::default();
        let implicit_tls = match &self.encryption {
            Encryption::Implicit(tls) => Some(tls.clone()),
            Encryption::None | Encryption::StartTls(_) => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(timeout), &name, implicit_tls, None).await?;
        if let Encryption::StartTls(tls) = &self.encryption {
            connection.starttls(tls.clone(), &name).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// Rejects settings that would send a password over the network without encryption.
fn reject_unencrypted_password(is_encrypted: bool, has_password: bool, host: &str) -> Result<(), SettingsError> {
    let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_encrypted || !has_password || is_local {
        Ok(())
    } else {
        Err(SettingsError::SmtpUrl("contains a password but no encryption: add ?tls=required"))
    }
}

/// Returns the encryption that the URL specifies, and its default port.
///
/// There is no opportunistic TLS, because an attacker on the network could disable it.
fn encryption(url: &Url, host: &str) -> Result<(Encryption, u16), SettingsError> {
    let tls = || TlsParameters::new(host.to_owned()).map_err(|error| SettingsError::Tls(error.to_string()));
    let tls_mode = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value);

    match (url.scheme(), tls_mode.as_deref()) {
        ("smtps", None | Some("required")) => Ok((Encryption::Implicit(tls()?), 465)),
        ("smtp", Some("required")) => Ok((Encryption::StartTls(tls()?), 587)),
        ("smtp", None) => Ok((Encryption::None, 25)),
        ("smtp" | "smtps", Some(_)) => Err(SettingsError::SmtpUrl("accepts only the query parameter ?tls=required")),
        _ => Err(SettingsError::SmtpUrl("must start with smtp:// or smtps://")),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SettingsError> {
    let decoded = |text| {
        percent_decode_str(text)
            .decode_utf8()
            .map(|text| text.into_owned())
            .map_err(|_| SettingsError::SmtpUrl("has a user or password that is not UTF-8"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(SettingsError::SmtpUrl("has a password but no user")),
        (_, None) => Err(SettingsError::SmtpUrl("has a user but no password")),
        (user, Some(password)) => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
    }
}

/// Pool of idle connections, most recently used first.
#[derive(Default)]
pub(super) struct IdleConnections {
    connections: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

impl IdleConnections {
    /// Returns a connection that has not been idle too long. The caller must test that the server still responds.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut connections = self.connections();
        connections.retain(|(since, _)| since.elapsed() < MAX_IDLE_TIME);
        connections.pop().map(|(_, connection)| connection)
    }

    pub(super) fn put(&self, connection: AsyncSmtpConnection) {
        let mut connections = self.connections();
        if connections.len() < MAX_IDLE {
            connections.push((Instant::now(), connection));
        }
    }

    /// Returns the list. No operation can leave it partially changed, so a poisoned lock is safe to use.
    fn connections(&self) -> MutexGuard<'_, Vec<(Instant, AsyncSmtpConnection)>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
