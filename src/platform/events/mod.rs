//! Events: facts about aggregates, written in the transaction of the change and dispatched at least once.
//!
//! Owns `events`, the outbox. [`publish`] writes an event. The [`run_dispatcher`] loop of a worker assigns each event
//! its position in the feed and enqueues the jobs that the event requires.

mod dispatcher;
mod models;
mod services;

pub use dispatcher::run_dispatcher;
pub use models::{NewEvent, StoredEvent, Subscriptions};
pub use services::{dispatch_batch, ids_for_aggregates, lock_dispatcher, publish, publish_all};
