//! Sending messages: e-mail and SMS.

use std::{fmt, time::Duration};

use futures_util::future::BoxFuture;
use uuid::Uuid;

/// Rendered e-mail to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Source of the `Message-ID`, which is the same on every retry, so that a mail program can detect duplicates.
    pub id: Uuid,
    /// Address without a display name, `name@domain`.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Rendered SMS to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    pub id: Uuid,
    /// Phone number in E.164 form: `+`, country code, number, without spaces.
    pub to: String,
    pub text: String,
}

/// Reference that a provider returns for a message, for later inquiries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub provider: &'static str,
    /// Identifier of the message at the provider, in the provider's format.
    pub reference: String,
}

/// Failed delivery, by the way that it can be retried.
///
/// Staff members read the reasons. They are stored and logged, so they contain neither the message nor its recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The provider rejected this message permanently: a retry would fail too.
    #[error("rejected: {reason}")]
    Rejected { reason: String },
    /// The provider is unreachable, rejected the credentials, or requested a delay. It sent nothing, and a retry can
    /// succeed.
    #[error("unavailable: {reason}")]
    Unavailable {
        reason: String,
        /// Delay that the provider requested.
        retry_after: Option<Duration>,
    },
    /// The provider possibly sent the message: the connection was lost after the request. Such a message is never
    /// retried automatically.
    #[error("uncertain: {reason}")]
    Uncertain { reason: String },
}

/// Sends e-mail.
pub trait Mailer: Send + Sync {
    /// Returns the provider's name for receipts, metrics and logs.
    fn name(&self) -> &'static str;

    /// Returns true if the provider delivers a message id only once, even when it is sent twice.
    fn is_idempotent(&self) -> bool;

    /// Returns false while the provider is known to be unreachable.
    fn is_available(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>>;
}

/// Sends SMS.
pub trait SmsGateway: Send + Sync {
    /// Returns the provider's name for receipts, metrics and logs.
    fn name(&self) -> &'static str;

    /// Returns true if the provider delivers a message id only once, even when it is sent twice.
    fn is_idempotent(&self) -> bool;

    /// Returns false while the provider is known to be unreachable.
    fn is_available(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Receipt, DeliveryError>>;
}

impl fmt::Debug for Mail {
    /// Prints only the id: a mail contains an address and often a login link.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Sms {
    /// Prints only the id, as for [`Mail`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("id", &self.id).finish_non_exhaustive()
    }
}
