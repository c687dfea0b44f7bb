//! Sending a message to a person: by e-mail or to a phone.

use std::{fmt, time::Duration};

use futures_util::future::BoxFuture;
use uuid::Uuid;

/// An e-mail, rendered and ready to go to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Becomes the `Message-ID`: the same on every retry, so that whoever receives a mail twice
    /// can tell that it is one.
    pub id: Uuid,
    /// One bare address, `name@domain`.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A text message, rendered and ready to go to one phone.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    pub id: Uuid,
    /// In E.164: `+`, country code, number, nothing else.
    pub to: String,
    pub text: String,
}

/// What a provider gave us to ask it about a message later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub provider: &'static str,
    /// The provider's own name of the message; what it looks like is its business.
    pub reference: String,
}

/// Why a message was not delivered, in the one respect that matters: may it be sent again?
///
/// Reasons are for the shop's staff. They are stored and logged, so they hold neither the
/// message nor the address or number it was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The provider said no to this message for good: a retry would be refused too.
    #[error("refused: {reason}")]
    Refused { reason: String },
    /// It could not be reached, did not let us in, or asked us to wait; nothing was sent. A
    /// retry may succeed.
    #[error("unavailable: {reason}")]
    Unavailable {
        reason: String,
        /// How long the provider asked us to wait, if it did.
        retry_after: Option<Duration>,
    },
    /// It may or may not have been sent (the connection was lost after the message had left):
    /// never retried automatically.
    #[error("uncertain: {reason}")]
    Uncertain { reason: String },
}

/// Sends e-mail.
pub trait Mailer: Send + Sync {
    /// The provider's name in receipts, metrics and logs.
    fn name(&self) -> &'static str;

    /// True when sending one message id twice has the effect of once.
    fn repeats_safely(&self) -> bool;

    /// False while it is known not to answer.
    fn is_answering(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>>;
}

/// Sends text messages to phones.
pub trait SmsGateway: Send + Sync {
    /// The provider's name in receipts, metrics and logs.
    fn name(&self) -> &'static str;

    /// True when sending one message id twice has the effect of once.
    fn repeats_safely(&self) -> bool;

    /// False while it is known not to answer.
    fn is_answering(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Receipt, DeliveryError>>;
}

impl fmt::Debug for Mail {
    /// Only the id: a mail holds an address and, often, a link that logs somebody in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Sms {
    /// Only the id, as with [`Mail`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("id", &self.id).finish_non_exhaustive()
    }
}
