//! E-mail and text messages, sent to fake servers of the providers.

mod breaker;
mod conformance;
mod mail;
mod sms;
mod templates;

use mercer::platform::notify::ProviderTimeouts;
use mercer::platform::ports::{DeliveryError, Mail, Sms};
use uuid::Uuid;

use crate::support::fakes::SHORT_TIMEOUT;

const SHORT_TIMEOUTS: ProviderTimeouts = ProviderTimeouts { connect: SHORT_TIMEOUT, total: SHORT_TIMEOUT };

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

fn rejected(reason: &str) -> DeliveryError {
    DeliveryError::Rejected { reason: reason.to_owned() }
}

fn unavailable(reason: &str) -> DeliveryError {
    DeliveryError::Unavailable { reason: reason.to_owned(), retry_after: None }
}

fn uncertain(reason: &str) -> DeliveryError {
    DeliveryError::Uncertain { reason: reason.to_owned() }
}

/// Returns the kind of the error without its reason, which can depend on the operating system.
fn class(error: &DeliveryError) -> &'static str {
    match error {
        DeliveryError::Rejected { .. } => "rejected",
        DeliveryError::Unavailable { .. } => "unavailable",
        DeliveryError::Uncertain { .. } => "uncertain",
    }
}
