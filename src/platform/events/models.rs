//! Rows of the outbox.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::fixed_statement;
use crate::platform::jobs::NewJob;
use crate::platform::types::{CustomerId, EventId};
use crate::platform::write_context::WriteContext;
use crate::schema::events;

/// Event to publish about an aggregate.
#[derive(Debug)]
pub struct NewEvent<'a> {
    pub topic: &'a str,
    pub aggregate_type: &'a str,
    pub aggregate_id: Uuid,
    pub channel: Option<&'a str>,
    pub owner: Option<CustomerId>,
    pub payload: Value,
}

/// Row of a published event.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = events)]
pub struct StoredEvent {
    pub id: EventId,
    pub topic: String,
    pub aggregate_type: String,
    pub aggregate_id: Uuid,
    pub sequence: i32,
    pub payload: Value,
    pub occurred_at: DateTime<Utc>,
    pub ordinal: i64,
}

/// Function that returns the jobs that an event enqueues; the composition root provides it.
pub type Subscriptions = Arc<dyn Fn(&StoredEvent) -> anyhow::Result<Vec<NewJob>> + Send + Sync>;

impl StoredEvent {
    /// Returns up to `limit` events after `after` that have no position in the feed yet, oldest first.
    pub(super) fn list_undispatched(conn: &mut PgConnection, after: i64, limit: i64) -> QueryResult<Vec<Self>> {
        let undispatched = Self::query().filter(events::position.is_null()).filter(events::ordinal.gt(after));
        undispatched.order(events::ordinal).limit(limit).load(conn)
    }

    pub(super) fn set_position(&self, conn: &mut PgConnection, position: i64) -> QueryResult<usize> {
        diesel::update(events::table.find(self.id)).set(events::position.eq(position)).execute(conn)
    }
}

pub(super) fn last_position(conn: &mut PgConnection) -> QueryResult<i64> {
    events::table.select(diesel::dsl::max(events::position)).first::<Option<i64>>(conn).map(Option::unwrap_or_default)
}

fixed_statement! {
    /// Inserts events. Each event gets the next sequence number of its aggregate.
    struct InsertEvents {
        ids: Vec<EventId> => Array<SqlUuid>,
        topics: Vec<String> => Array<Text>,
        aggregate_types: Vec<String> => Array<Text>,
        aggregate_ids: Vec<Uuid> => Array<SqlUuid>,
        channels: Vec<Option<String>> => Array<Nullable<Text>>,
        owners: Vec<Option<Uuid>> => Array<Nullable<SqlUuid>>,
        payloads: Vec<Value> => Array<Jsonb>,
        actor: Value => Jsonb,
        occurred_at: DateTime<Utc> => Timestamptz,
    } -> ();
    "insert into events (id, topic, aggregate_type, aggregate_id, sequence, channel, owner_id, payload, actor, occurred_at) \
     select added.id, added.topic, added.aggregate_type, added.aggregate_id, \
            coalesce((select max(e.sequence) from events e \
                      where e.aggregate_type = added.aggregate_type and e.aggregate_id = added.aggregate_id), 0) \
            + row_number() over (partition by added.aggregate_type, added.aggregate_id order by added.number), \
            added.channel, added.owner_id, added.payload, input.actor, input.occurred_at \
     from input, unnest(ids, topics, aggregate_types, aggregate_ids, channels, owners, payloads) with ordinality \
          as added (id, topic, aggregate_type, aggregate_id, channel, owner_id, payload, number) \
     order by added.number"
}

pub(super) fn insert_all(
    conn: &mut PgConnection,
    ids: &[EventId],
    events: Vec<NewEvent<'_>>,
    context: &WriteContext,
) -> QueryResult<()> {
    let statement = InsertEvents {
        ids: ids.to_vec(),
        topics: events.iter().map(|event| event.topic.to_owned()).collect(),
        aggregate_types: events.iter().map(|event| event.aggregate_type.to_owned()).collect(),
        aggregate_ids: events.iter().map(|event| event.aggregate_id).collect(),
        channels: events.iter().map(|event| event.channel.map(str::to_owned)).collect(),
        owners: events.iter().map(|event| event.owner.map(Uuid::from)).collect(),
        payloads: events.into_iter().map(|event| event.payload).collect(),
        actor: context.actor.to_json(),
        occurred_at: context.at,
    };
    statement.execute(conn).map(|_| ())
}
