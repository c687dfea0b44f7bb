//! Construction of e-mail messages.

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
};

use super::super::{settings::SettingsError, text::one_line};
use crate::platform::ports::{DeliveryError, Mail};

/// Builds messages of one sender.
#[derive(Debug, Clone)]
pub(super) struct MailBuilder {
    from: Mailbox,
}

impl MailBuilder {
    pub(super) fn new(from: &str) -> Result<Self, SettingsError> {
        let invalid = || SettingsError::Sender(from.to_owned());
        if from.chars().any(char::is_control) {
            return Err(invalid());
        }
        Ok(Self { from: from.parse().map_err(|_| invalid())? })
    }

    /// Builds a message with a text and an HTML alternative.
    ///
    /// `Date` is the time of this attempt; `Message-ID` is the same for all attempts.
    pub(super) fn build(&self, mail: &Mail) -> Result<Message, DeliveryError> {
        let to = recipient(&mail.to)?;
        let message_id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let envelope =
            Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).map_err(|error| rejected(&error))?;

        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&mail.subject))
            .message_id(Some(message_id))
            .header(AutoSubmitted)
            .envelope(envelope)
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| rejected(&error))
    }
}

/// Parses exactly one address.
///
/// Rejects control characters first: a quoted name can contain them, and a line break would end the SMTP command or
/// the header.
fn recipient(address: &str) -> Result<Address, DeliveryError> {
    let invalid = || DeliveryError::Rejected { reason: "this is not an e-mail address".to_owned() };
    if address.chars().any(char::is_control) {
        return Err(invalid());
    }
    address.parse().map_err(|_| invalid())
}

fn rejected(error: &lettre::error::Error) -> DeliveryError {
    DeliveryError::Rejected { reason: format!("cannot build the e-mail: {error}") }
}

/// Header of RFC 3834 that marks automatic e-mails, so that mail servers do not send vacation notices to the shop.
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
