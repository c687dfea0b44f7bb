//! Ports: what the shop asks of the outside world, as traits in its own words.
//!
//! A port speaks plain values, never rows. Each one has a real implementation, a local one for
//! development, and one conformance test that all of them pass. `App` holds them as
//! `Arc<dyn …>`, hence their methods return boxed futures.

mod messages;

pub use messages::{DeliveryError, Mail, Mailer, Receipt, Sms, SmsGateway};
