//! Notifications: e-mail and SMS messages to customers and administrators about order events.
//!
//! Owns no table. The module `platform::notify` queues and delivers the messages.

mod jobs;
mod services;

pub use jobs::SendOrderNotifications;
