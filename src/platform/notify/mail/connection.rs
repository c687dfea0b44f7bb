//! Connections to a mail server: where it is, how to get in, and the ones at rest.
//!
//! Built on lettre's connection rather than its pooled transport, because the transport does not
//! say how far a failed send had got, and that decides whether it may be repeated.

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

/// Mechanisms that any server knows; both send the password as it is, hence the encryption.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Connections kept for the next mail. More are opened when more mails go out at once.
const KEPT_AT_REST: usize = 4;

/// How long a connection may rest: mail servers hang up after a few minutes at most.
const LONGEST_REST: Duration = Duration::from_secs(30);

enum Encryption {
    None,
    /// Asked for with `STARTTLS`; no mail and no password goes out before it.
    Upgrade(TlsParameters),
    /// From the first byte.
    Immediate(TlsParameters),
}

/// A mail server, from an SMTP URL.
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
}

impl SmtpServer {
    pub(super) fn parse(url: &Secret) -> Result<Self, SettingsError> {
        let url = Url::parse(url.expose()).map_err(|_| SettingsError::SmtpUrl("cannot be read"))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(SettingsError::SmtpUrl("has no host"));
        }
        let (encryption, usual_port) = encryption(&url, &host)?;

        let credentials = credentials(&url)?;
        refuse_clear_password(!matches!(encryption, Encryption::None), credentials.is_some(), &host)?;
        Ok(Self { port: url.port().unwrap_or(usual_port), credentials, host, encryption })
    }

    /// Connects, encrypts and logs in.
    pub(super) async fn dial(&self, connect: Duration) -> Result<AsyncSmtpConnection, smtp::Error> {
        let name = ClientId::default();
        let immediate = match &self.encryption {
            Encryption::Immediate(tls) => Some(tls.clone()),
            Encryption::None | Encryption::Upgrade(_) => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(connect), &name, immediate, None).await?;
        if let Encryption::Upgrade(tls) = &self.encryption {
            connection.starttls(tls.clone(), &name).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// A password that leaves the machine in clear is everybody's.
fn refuse_clear_password(is_encrypted: bool, has_password: bool, host: &str) -> Result<(), SettingsError> {
    let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_encrypted || !has_password || is_local {
        Ok(())
    } else {
        Err(SettingsError::SmtpUrl("sends a password: add ?tls=required"))
    }
}

/// What the URL says about encryption, and the port that goes with it.
///
/// There is no "if the server offers it": whoever can cut the line could then switch it off.
fn encryption(url: &Url, host: &str) -> Result<(Encryption, u16), SettingsError> {
    let tls = || TlsParameters::new(host.to_owned()).map_err(|error| SettingsError::Tls(error.to_string()));
    let wanted = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value);

    match (url.scheme(), wanted.as_deref()) {
        ("smtps", None | Some("required")) => Ok((Encryption::Immediate(tls()?), 465)),
        ("smtp", Some("required")) => Ok((Encryption::Upgrade(tls()?), 587)),
        ("smtp", None) => Ok((Encryption::None, 25)),
        ("smtp" | "smtps", Some(_)) => Err(SettingsError::SmtpUrl("knows only ?tls=required")),
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

/// Connections at rest, the most recently used first.
#[derive(Default)]
pub(super) struct RestingConnections {
    resting: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

impl RestingConnections {
    /// One that has not rested too long. Whether it still lives, only a question can tell.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut resting = self.resting();
        resting.retain(|(since, _)| since.elapsed() < LONGEST_REST);
        resting.pop().map(|(_, connection)| connection)
    }

    pub(super) fn put(&self, connection: AsyncSmtpConnection) {
        let mut resting = self.resting();
        if resting.len() < KEPT_AT_REST {
            resting.push((Instant::now(), connection));
        }
    }

    /// A list of connections cannot be half written, so a poisoned lock is as good as any.
    fn resting(&self) -> MutexGuard<'_, Vec<(Instant, AsyncSmtpConnection)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
