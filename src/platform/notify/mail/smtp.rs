//! Mailer that uses an SMTP server.

use std::{future::Future, time::Duration};

use futures_util::future::BoxFuture;
use lettre::{
    address::Envelope,
    transport::smtp::{
        self,
        client::AsyncSmtpConnection,
        commands::{self, Data, Rcpt},
        extension::{Extension, MailParameter},
    },
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    super::{
        settings::{ProviderTimeouts, SettingsError, SmtpSettings},
        text::mail_reply,
    },
    builder::MailBuilder,
    connection::{IdleConnections, SmtpServer},
};
use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt};

const NAME: &str = "smtp";

/// Time limit for the test of an idle connection.
///
/// If a firewall has dropped the connection, the test never completes, and there must be time left for a new one.
const IDLE_TEST_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends e-mails through an SMTP server.
pub struct SmtpMailer {
    server: SmtpServer,
    builder: MailBuilder,
    timeouts: ProviderTimeouts,
    idle: IdleConnections,
}

impl SmtpMailer {
    pub fn new(settings: &SmtpSettings) -> Result<Self, SettingsError> {
        Ok(Self {
            server: SmtpServer::parse(&settings.url)?,
            builder: MailBuilder::new(&settings.from)?,
            timeouts: settings.timeouts,
            idle: IdleConnections::default(),
        })
    }

    async fn deliver(&self, mail: &Mail) -> Result<Receipt, DeliveryError> {
        let message = self.builder.build(mail)?;
        let deadline = Instant::now() + self.timeouts.total;

        // A connection with an error is dropped and never reused.
        let mut connection = self.connection(deadline).await?;
        ensure_deliverable(&connection, message.envelope())?;
        let envelope_sent = send_envelope(&mut connection, message.envelope());
        Stage::Envelope.run(deadline, envelope_sent).await?;
        let content = message.formatted();
        let reply = Stage::Content.run(deadline, connection.message(&content)).await?;
        self.idle.put(connection);

        let reference = mail_reply(reply.first_line().unwrap_or_default());
        Ok(Receipt { provider: NAME, reference })
    }

    /// Returns an idle connection that still responds, or a new one.
    async fn connection(&self, deadline: Instant) -> Result<AsyncSmtpConnection, DeliveryError> {
        while let Some(mut connection) = self.idle.take() {
            let limit = IDLE_TEST_TIMEOUT.min(self.timeouts.connect);
            if timeout(limit, connection.test_connected()).await == Ok(true) {
                return Ok(connection);
            }
        }
        let deadline = deadline.min(Instant::now() + self.timeouts.connect);
        Stage::Connection.run(deadline, self.server.connect(self.timeouts.connect)).await
    }
}

impl Mailer for SmtpMailer {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Returns false: a mail client can drop a second copy by its `Message-ID`, but no server has to.
    fn is_idempotent(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.deliver(mail))
    }
}

/// Checks that the server supports the addresses: addresses outside ASCII require RFC 6531.
fn ensure_deliverable(connection: &AsyncSmtpConnection, envelope: &Envelope) -> Result<(), DeliveryError> {
    if is_ascii(envelope) || connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        return Ok(());
    }
    let reason = "the mail server does not support addresses outside ASCII".to_owned();
    Err(DeliveryError::Rejected { reason })
}

fn is_ascii(envelope: &Envelope) -> bool {
    envelope.to().iter().chain(envelope.from()).all(|address| {
        let text: &str = address.as_ref();
        text.is_ascii()
    })
}

/// Sends the sender, the recipients and the DATA command.
///
/// The content is encoded so that it needs no 8-bit extension.
async fn send_envelope(connection: &mut AsyncSmtpConnection, envelope: &Envelope) -> Result<(), smtp::Error> {
    let parameters = if is_ascii(envelope) { Vec::new() } else { vec![MailParameter::SmtpUtfEight] };
    connection.command(commands::Mail::new(envelope.from().cloned(), parameters)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    Ok(())
}

/// Stage of a delivery. It determines whether a failed delivery can be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Connecting, starting TLS, logging in. A failure concerns the settings, not the e-mail, so it can be retried.
    Connection,
    /// Sending sender and recipients. The server has no content yet that it could deliver.
    Envelope,
    /// Sending the content. From here on, only the server's reply shows whether it accepted the e-mail.
    Content,
}

impl Stage {
    async fn run<T>(
        self,
        deadline: Instant,
        work: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, DeliveryError> {
        match timeout_at(deadline, work).await {
            Ok(result) => result.map_err(|error| self.classify(&error)),
            Err(_) => Err(self.interrupted("the mail server did not respond in time".to_owned())),
        }
    }

    fn classify(self, error: &smtp::Error) -> DeliveryError {
        let reason = mail_reply(&error.to_string());
        match self {
            Self::Envelope | Self::Content if error.is_permanent() => DeliveryError::Rejected { reason },
            _ if error.is_transient() => DeliveryError::Unavailable { reason, retry_after: None },
            _ => self.interrupted(reason),
        }
    }

    fn interrupted(self, reason: String) -> DeliveryError {
        match self {
            Self::Connection | Self::Envelope => DeliveryError::Unavailable { reason, retry_after: None },
            Self::Content => DeliveryError::Uncertain { reason },
        }
    }
}
