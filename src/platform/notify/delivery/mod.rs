//! Messages on their way: what goes to whom, kept until it is known to have gone.
//!
//! Owns `messages`. A message exists once for each event, medium and recipient, so that however often a job runs,
//! nobody hears the same thing twice.

mod job;
mod models;
mod notifier;

pub use job::DeliverMessage;
pub use models::{Medium, MessageState, NewMessage, forget_messages, purge_messages, queue_message, seal_context};
pub use notifier::Notifier;
