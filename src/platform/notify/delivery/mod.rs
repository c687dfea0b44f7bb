//! Delivery of messages.
//!
//! Owns `messages`. There is one message for each event, medium and recipient, so a job that runs twice does not send
//! a message twice.

mod job;
mod models;
mod notifier;
mod outbox;

pub use job::DeliverMessage;
pub use models::{Medium, MessageState, NewMessage, delete_messages, encrypt_context, purge_messages};
pub use notifier::Notifier;
pub use outbox::queue_message;
