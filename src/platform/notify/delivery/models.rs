//! Rows of `messages`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::platform::auth::MasterKey;
use crate::platform::types::{EventId, MessageId, text_enum};
use crate::schema::messages;

text_enum! {
    /// Transport of a message.
    pub enum Medium {
        Email = "email",
        Sms = "sms",
    }
}

text_enum! {
    /// Delivery state of a message.
    pub enum MessageState {
        /// Not sent yet, or the provider was not available.
        Pending = "pending",
        /// Sent to the provider; its response is not known yet.
        Sending = "sending",
        /// Accepted by the provider.
        Sent = "sent",
        /// Rejected by the provider; not retried.
        Rejected = "refused",
        /// The message may have been sent. Only a staff member can send it again.
        Uncertain = "uncertain",
    }
}

/// Message to one recipient about one event.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub event: EventId,
    pub medium: Medium,
    pub recipient: String,
    pub template: &'static str,
    /// Language tag such as `de-AT`.
    pub language: String,
    pub context: Value,
    /// Encrypted members of the context, from [`encrypt_context`].
    pub encrypted_context: Option<Vec<u8>>,
}

/// Purpose that the encryption binds to the context.
const PURPOSE: &str = "message";

/// Encrypts secret members of a message's context, such as links with a token.
pub fn encrypt_context(key: &MasterKey, context: &Value) -> anyhow::Result<Vec<u8>> {
    key.encrypt(PURPOSE, context.to_string().as_bytes())
}

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = messages)]
pub(super) struct Message {
    pub medium: Medium,
    pub recipient: String,
    pub template: String,
    pub language: String,
    context: Value,
    #[diesel(column_name = sealed)]
    encrypted_context: Option<Vec<u8>>,
    pub state: MessageState,
}

/// Inserts a message. Returns false if the recipient has a message about this event already.
pub(super) fn insert(
    conn: &mut PgConnection,
    id: MessageId,
    message: &NewMessage,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(messages::table)
        .values((
            messages::id.eq(id),
            messages::event_id.eq(message.event),
            messages::medium.eq(message.medium),
            messages::recipient.eq(&message.recipient),
            messages::template.eq(message.template),
            messages::language.eq(&message.language),
            messages::context.eq(&message.context),
            messages::sealed.eq(&message.encrypted_context),
            messages::created_at.eq(now),
            messages::updated_at.eq(now),
        ))
        .on_conflict((messages::event_id, messages::medium, messages::recipient))
        .do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Deletes all messages to these recipients or about these events, sent or not.
pub fn delete_messages(conn: &mut PgConnection, recipients: &[String], events: &[EventId]) -> QueryResult<usize> {
    let matches = messages::recipient.eq_any(recipients).or(messages::event_id.eq_any(events));
    diesel::delete(messages::table.filter(matches)).execute(conn)
}

/// Deletes up to `limit` messages that were sent before `before`, and returns how many.
pub fn purge_messages(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let sent = messages::table.filter(messages::state.eq(MessageState::Sent)).filter(messages::updated_at.lt(before));
    let ids: Vec<MessageId> = sent.select(messages::id).limit(limit).load(conn)?;
    diesel::delete(messages::table.filter(messages::id.eq_any(ids))).execute(conn)
}

impl Message {
    /// Returns the context of the template, including the decrypted members.
    pub(super) fn full_context(&self, key: &MasterKey) -> anyhow::Result<Value> {
        let mut context = self.context.clone();
        if let (Some(encrypted), Some(members)) = (&self.encrypted_context, context.as_object_mut()) {
            let decrypted: Map<String, Value> = serde_json::from_slice(&key.decrypt(PURPOSE, encrypted)?)?;
            members.extend(decrypted);
        }
        Ok(context)
    }

    /// Marks the message as being sent, before it is sent. Returns it with its previous state.
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

/// Result of one delivery attempt.
pub(super) struct DeliveryAttempt {
    pub state: MessageState,
    pub provider: &'static str,
    pub reference: Option<String>,
    pub failure: Option<String>,
}

impl DeliveryAttempt {
    pub(super) fn record(&self, conn: &mut PgConnection, id: MessageId, now: DateTime<Utc>) -> QueryResult<()> {
        if self.state == MessageState::Sent {
            let without_secrets = messages::sealed.eq(None::<Vec<u8>>);
            diesel::update(messages::table.find(id)).set(without_secrets).execute(conn)?;
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
