//! Sending e-mail and text messages, against servers that play the providers.

mod breaker;
mod conformance;
mod mail;
mod sms;
mod templates;

use mercer::platform::notify::Timeouts;
use mercer::platform::ports::{DeliveryError, Mail, Sms};
use uuid::Uuid;

use crate::support::fakes::BRIEF;

const BRIEFLY: Timeouts = Timeouts { connect: BRIEF, total: BRIEF };

fn mail() -> Mail {
    Mail {
        id: Uuid::from_u128(7),
        to: "ana@example.com".to_owned(),
        subject: "Your order 1001".to_owned(),
        text: "Hello Ana,\n\n.thank you.".to_owned(),
        html: "<p>Hello Ana, 2 × Mug</p>".to_owned(),
    }
}

fn sms() -> Sms {
    Sms { id: Uuid::from_u128(8), to: "+254711222333".to_owned(), text: "Order 1001: 2 & more é".to_owned() }
}

fn refused(reason: &str) -> DeliveryError {
    DeliveryError::Refused { reason: reason.to_owned() }
}

fn unavailable(reason: &str) -> DeliveryError {
    DeliveryError::Unavailable { reason: reason.to_owned(), retry_after: None }
}

fn uncertain(reason: &str) -> DeliveryError {
    DeliveryError::Uncertain { reason: reason.to_owned() }
}

/// The error without its reason, for where the words are the operating system's.
fn class(error: &DeliveryError) -> &'static str {
    match error {
        DeliveryError::Refused { .. } => "refused",
        DeliveryError::Unavailable { .. } => "unavailable",
        DeliveryError::Uncertain { .. } => "uncertain",
    }
}
