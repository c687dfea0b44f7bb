//! Mail through an SMTP server.

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
        settings::{SettingsError, SmtpSettings, Timeouts},
        text::mail_reply,
    },
    Letterhead,
    connection::{RestingConnections, SmtpServer},
};
use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt};

const NAME: &str = "smtp";

/// How long a resting connection may take to show that it lives. A firewall may have forgotten
/// it; then nothing ever comes, and time must be left to open another.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// Hands mail to an SMTP server, which delivers it.
pub struct SmtpMailer {
    server: SmtpServer,
    letterhead: Letterhead,
    timeouts: Timeouts,
    resting: RestingConnections,
}

impl SmtpMailer {
    pub fn new(settings: &SmtpSettings) -> Result<Self, SettingsError> {
        Ok(Self {
            server: SmtpServer::parse(&settings.url)?,
            letterhead: Letterhead::new(&settings.from)?,
            timeouts: settings.timeouts,
            resting: RestingConnections::default(),
        })
    }

    async fn deliver(&self, mail: &Mail) -> Result<Receipt, DeliveryError> {
        let message = self.letterhead.write(mail)?;
        let deadline = Instant::now() + self.timeouts.total;

        // A connection on which anything went wrong is dropped, never used again.
        let mut connection = self.connection(deadline).await?;
        ensure_deliverable(&connection, message.envelope())?;
        let announced = announce(&mut connection, message.envelope());
        Stage::Envelope.watch(deadline, announced).await?;
        let content = message.formatted();
        let reply = Stage::Content.watch(deadline, connection.message(&content)).await?;
        self.resting.put(connection);

        let reference = mail_reply(reply.first_line().unwrap_or_default());
        Ok(Receipt { provider: NAME, reference })
    }

    /// A resting connection that still answers, or a new one.
    async fn connection(&self, deadline: Instant) -> Result<AsyncSmtpConnection, DeliveryError> {
        while let Some(mut connection) = self.resting.take() {
            let patience = SIGN_OF_LIFE.min(self.timeouts.connect);
            if timeout(patience, connection.test_connected()).await == Ok(true) {
                return Ok(connection);
            }
        }
        let deadline = deadline.min(Instant::now() + self.timeouts.connect);
        Stage::Door.watch(deadline, self.server.dial(self.timeouts.connect)).await
    }
}

impl Mailer for SmtpMailer {
    fn name(&self) -> &'static str {
        NAME
    }

    /// The `Message-ID` lets a reader's program drop the second copy, but no server must.
    fn repeats_safely(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.deliver(mail))
    }
}

/// Addresses beyond ASCII need a server that knows them (RFC 6531).
fn ensure_deliverable(connection: &AsyncSmtpConnection, envelope: &Envelope) -> Result<(), DeliveryError> {
    if is_ascii(envelope) || connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        return Ok(());
    }
    let reason = "the mail server takes no addresses beyond ASCII".to_owned();
    Err(DeliveryError::Refused { reason })
}

fn is_ascii(envelope: &Envelope) -> bool {
    envelope.to().iter().chain(envelope.from()).all(|address| {
        let text: &str = address.as_ref();
        text.is_ascii()
    })
}

/// Says who writes to whom, up to the server's "go ahead". The content has an encoding that
/// needs no 8-bit extension.
async fn announce(connection: &mut AsyncSmtpConnection, envelope: &Envelope) -> Result<(), smtp::Error> {
    let parameters = if is_ascii(envelope) { Vec::new() } else { vec![MailParameter::SmtpUtfEight] };
    connection.command(commands::Mail::new(envelope.from().cloned(), parameters)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    Ok(())
}

/// How far a delivery has got, which decides what a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Connecting, encrypting, logging in. A no here is said to us, not to the mail: it goes
    /// out when somebody has set the password right.
    Door,
    /// Saying who writes to whom. The server has nothing yet that it could deliver.
    Envelope,
    /// Handing over the content. From here on, only the server's answer tells what became of it.
    Content,
}

impl Stage {
    async fn watch<T>(
        self,
        deadline: Instant,
        work: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, DeliveryError> {
        match timeout_at(deadline, work).await {
            Ok(outcome) => outcome.map_err(|error| self.judge(&error)),
            Err(_) => Err(self.broken_off("the mail server did not answer in time".to_owned())),
        }
    }

    fn judge(self, error: &smtp::Error) -> DeliveryError {
        let reason = mail_reply(&error.to_string());
        match self {
            Self::Envelope | Self::Content if error.is_permanent() => DeliveryError::Refused { reason },
            _ if error.is_transient() => DeliveryError::Unavailable { reason, retry_after: None },
            _ => self.broken_off(reason),
        }
    }

    fn broken_off(self, reason: String) -> DeliveryError {
        match self {
            Self::Door | Self::Envelope => DeliveryError::Unavailable { reason, retry_after: None },
            Self::Content => DeliveryError::Uncertain { reason },
        }
    }
}
