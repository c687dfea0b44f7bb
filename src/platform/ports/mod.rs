//! Ports: traits for external systems.
//!
//! A port takes and returns plain values, never rows. Each port has a real implementation, a local one for development,
//! and one conformance test that all implementations pass. `App` stores ports as `Arc<dyn …>`, so their methods return
//! boxed futures.

mod messages;

pub use messages::{DeliveryError, Mail, Mailer, Receipt, Sms, SmsGateway};
