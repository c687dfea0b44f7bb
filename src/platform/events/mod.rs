//! Events: what happened, written in the transaction that made it happen, and handed on at least once.
//!
//! Owns `events`, the outbox. [`publish`] writes; the [`dispatch`] loop of a worker gives each event its place in the
//! feed and turns it into the jobs that wait for it.

mod dispatcher;
mod models;
mod services;

pub use dispatcher::{Subscriptions, dispatch};
pub use models::{NewEvent, StoredEvent};
pub use services::{become_dispatcher, dispatch_batch, ids_about, publish, publish_all};
