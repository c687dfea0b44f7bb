//! Rows of `messages`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::job::DeliverMessage;
use crate::platform::jobs::{self, NewJob};
use crate::platform::types::{EventId, MessageId, text_enum};
use crate::schema::messages;

text_enum! {
    /// By which way a message goes.
    pub enum Medium {
        Email = "email",
        Sms = "sms",
    }
}

text_enum! {
    /// How far a message has come.
    pub enum MessageState {
        /// Not sent yet, or not taken by the provider.
        Pending = "pending",
        /// Handed to the provider; the answer is not known yet.
        Sending = "sending",
        /// Taken by the provider.
        Sent = "sent",
        /// Refused for good.
        Refused = "refused",
        /// Perhaps sent, perhaps not: only a person decides to send it again.
        Uncertain = "uncertain",
    }
}

/// A message to one recipient about one event.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub event: EventId,
    pub medium: Medium,
    pub recipient: String,
    pub template: &'static str,
    pub context: Value,
}

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = messages)]
pub(super) struct Message {
    pub medium: Medium,
    pub recipient: String,
    pub template: String,
    pub context: Value,
    pub state: MessageState,
}

/// Writes a message down and enqueues its delivery; nothing where this recipient has been told of this event.
pub fn queue_message(conn: &mut PgConnection, message: &NewMessage, now: DateTime<Utc>) -> anyhow::Result<()> {
    let id = MessageId::generate();
    let written = diesel::insert_into(messages::table)
        .values((
            messages::id.eq(id),
            messages::event_id.eq(message.event),
            messages::medium.eq(message.medium),
            messages::recipient.eq(&message.recipient),
            messages::template.eq(message.template),
            messages::context.eq(&message.context),
            messages::created_at.eq(now),
            messages::updated_at.eq(now),
        ))
        .on_conflict((messages::event_id, messages::medium, messages::recipient))
        .do_nothing()
        .execute(conn)?;
    if written == 1 {
        jobs::enqueue(conn, &NewJob::of(&DeliverMessage { message: id })?.once(id), now)?;
    }
    Ok(())
}

impl Message {
    /// Marks it as being sent, before anything is; tells how it stood until now.
    pub(super) fn begin(conn: &mut PgConnection, id: MessageId, now: DateTime<Utc>) -> QueryResult<Option<Self>> {
        let found = Self::query().filter(messages::id.eq(id)).for_update().first(conn).optional()?;
        if found.as_ref().is_some_and(|message| message.state != MessageState::Sent) {
            set_state(conn, id, MessageState::Sending, now)?;
        }
        Ok(found)
    }
}

pub(super) fn set_state(
    conn: &mut PgConnection,
    id: MessageId,
    state: MessageState,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(messages::table.find(id))
        .set((messages::state.eq(state), messages::updated_at.eq(now)))
        .execute(conn)
        .map(|_| ())
}

/// How an attempt ended.
pub(super) struct Attempt {
    pub state: MessageState,
    pub provider: &'static str,
    pub reference: Option<String>,
    pub failure: Option<String>,
}

impl Attempt {
    pub(super) fn record(&self, conn: &mut PgConnection, id: MessageId, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(messages::table.find(id))
            .set((
                messages::state.eq(self.state),
                messages::provider.eq(self.provider),
                messages::reference.eq(&self.reference),
                messages::failure.eq(&self.failure),
                messages::updated_at.eq(now),
            ))
            .execute(conn)
            .map(|_| ())
    }
}
