//! Rows of `messages`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::job::DeliverMessage;
use crate::platform::auth::MasterKey;
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
    /// A tag such as `de-AT`.
    pub language: String,
    pub context: Value,
    /// More of the context, from [`seal_context`]: what nobody may read in the database.
    pub sealed: Option<Vec<u8>>,
}

/// Binds sealed context to what it is for.
const PURPOSE: &str = "message";

/// Seals members of a message's context: links that let somebody in.
pub fn seal_context(key: &MasterKey, context: &Value) -> anyhow::Result<Vec<u8>> {
    key.seal(PURPOSE, context.to_string().as_bytes())
}

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = messages)]
pub(super) struct Message {
    pub medium: Medium,
    pub recipient: String,
    pub template: String,
    pub language: String,
    context: Value,
    sealed: Option<Vec<u8>>,
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
            messages::language.eq(&message.language),
            messages::context.eq(&message.context),
            messages::sealed.eq(&message.sealed),
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

/// Forgets all that was or is to be written to these recipients or about these events.
pub fn forget_messages(conn: &mut PgConnection, recipients: &[String], events: &[EventId]) -> QueryResult<usize> {
    let theirs = messages::recipient.eq_any(recipients).or(messages::event_id.eq_any(events));
    diesel::delete(messages::table.filter(theirs)).execute(conn)
}

/// Deletes up to `limit` messages that were sent before `before`, and tells how many.
pub fn purge_messages(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let sent = messages::table.filter(messages::state.eq(MessageState::Sent)).filter(messages::updated_at.lt(before));
    let ids: Vec<MessageId> = sent.select(messages::id).limit(limit).load(conn)?;
    diesel::delete(messages::table.filter(messages::id.eq_any(ids))).execute(conn)
}

impl Message {
    /// All that its template may say, the sealed part opened.
    pub(super) fn whole_context(&self, key: &MasterKey) -> anyhow::Result<Value> {
        let mut context = self.context.clone();
        if let (Some(sealed), Some(members)) = (&self.sealed, context.as_object_mut()) {
            let opened: Map<String, Value> = serde_json::from_slice(&key.open(PURPOSE, sealed)?)?;
            members.extend(opened);
        }
        Ok(context)
    }

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
        if self.state == MessageState::Sent {
            let forgotten = messages::sealed.eq(None::<Vec<u8>>);
            diesel::update(messages::table.find(id)).set(forgotten).execute(conn)?;
        }
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
