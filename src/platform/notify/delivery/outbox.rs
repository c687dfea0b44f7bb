//! Queueing of messages.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::job::DeliverMessage;
use super::models::{NewMessage, insert};
use crate::platform::jobs::{self, NewJob};
use crate::platform::types::MessageId;

/// Stores a message and enqueues its delivery. Does nothing if the recipient has a message about this event already.
pub fn queue_message(conn: &mut PgConnection, message: &NewMessage, now: DateTime<Utc>) -> anyhow::Result<()> {
    let id = MessageId::generate();
    if insert(conn, id, message, now)? {
        jobs::enqueue(conn, &NewJob::new(&DeliverMessage { message: id })?.unique(id), now)?;
    }
    Ok(())
}
