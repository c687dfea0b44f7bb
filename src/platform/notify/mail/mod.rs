//! E-mail: writing a message, and the two ways it can go.

mod connection;
mod file;
mod smtp;

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
};

use super::{settings::SettingsError, text::one_line};
use crate::platform::ports::{DeliveryError, Mail};

pub use file::FileMailer;
pub use smtp::SmtpMailer;

/// Writes messages on behalf of one sender.
#[derive(Debug, Clone)]
struct Letterhead {
    from: Mailbox,
}

impl Letterhead {
    fn new(from: &str) -> Result<Self, SettingsError> {
        let wrong = || SettingsError::Sender(from.to_owned());
        if from.chars().any(char::is_control) {
            return Err(wrong());
        }
        Ok(Self { from: from.parse().map_err(|_| wrong())? })
    }

    /// The mail as a message with a text and an HTML alternative.
    ///
    /// Its `Date` is the moment of this attempt; its `Message-ID` is the same in all of them.
    fn write(&self, mail: &Mail) -> Result<Message, DeliveryError> {
        let to = recipient(&mail.to)?;
        let message_id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let envelope =
            Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).map_err(|error| refused(&error))?;

        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&mail.subject))
            .message_id(Some(message_id))
            .header(AutoSubmitted)
            .envelope(envelope)
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| refused(&error))
    }
}

/// Exactly one address. Control characters are turned away before anything else looks at them:
/// a quoted name may hold them, and a line break would end the SMTP command or the header.
fn recipient(address: &str) -> Result<Address, DeliveryError> {
    let wrong = || DeliveryError::Refused { reason: "this is not an e-mail address".to_owned() };
    if address.chars().any(char::is_control) {
        return Err(wrong());
    }
    address.parse().map_err(|_| wrong())
}

fn refused(error: &lettre::error::Error) -> DeliveryError {
    DeliveryError::Refused { reason: format!("the mail cannot be written: {error}") }
}

/// RFC 3834: a program wrote this, so holiday notices are not sent back to the shop.
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
