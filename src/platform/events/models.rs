//! Rows of the outbox.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::audit::Origin;
use crate::platform::db::fixed_statement;
use crate::platform::types::{CustomerId, EventId};
use crate::schema::events;

/// Something that happened to an aggregate.
#[derive(Debug)]
pub struct NewEvent<'a> {
    pub topic: &'a str,
    pub aggregate_type: &'a str,
    pub aggregate_id: Uuid,
    pub channel: Option<&'a str>,
    pub owner: Option<CustomerId>,
    pub payload: Value,
}

/// An event as it was published.
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

impl StoredEvent {
    /// The oldest behind `after` that have no place in the feed yet, each aggregate's in its own order.
    pub(super) fn undispatched(conn: &mut PgConnection, after: i64, limit: i64) -> QueryResult<Vec<Self>> {
        let waiting = Self::query().filter(events::position.is_null()).filter(events::ordinal.gt(after));
        waiting.order(events::ordinal).limit(limit).load(conn)
    }

    pub(super) fn place(&self, conn: &mut PgConnection, position: i64) -> QueryResult<usize> {
        diesel::update(events::table.find(self.id)).set(events::position.eq(position)).execute(conn)
    }
}

pub(super) fn last_position(conn: &mut PgConnection) -> QueryResult<i64> {
    events::table.select(diesel::dsl::max(events::position)).first::<Option<i64>>(conn).map(Option::unwrap_or_default)
}

fixed_statement! {
    /// Each event gets the number behind the last one of its aggregate.
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
     select told.id, told.topic, told.aggregate_type, told.aggregate_id, \
            coalesce((select max(e.sequence) from events e \
                      where e.aggregate_type = told.aggregate_type and e.aggregate_id = told.aggregate_id), 0) \
            + row_number() over (partition by told.aggregate_type, told.aggregate_id order by told.place), \
            told.channel, told.owner_id, told.payload, input.actor, input.occurred_at \
     from input, unnest(ids, topics, aggregate_types, aggregate_ids, channels, owners, payloads) with ordinality \
          as told (id, topic, aggregate_type, aggregate_id, channel, owner_id, payload, place) \
     order by told.place"
}

pub(super) fn insert_all(
    conn: &mut PgConnection,
    ids: &[EventId],
    events: Vec<NewEvent<'_>>,
    origin: &Origin,
) -> QueryResult<()> {
    let statement = InsertEvents {
        ids: ids.to_vec(),
        topics: events.iter().map(|event| event.topic.to_owned()).collect(),
        aggregate_types: events.iter().map(|event| event.aggregate_type.to_owned()).collect(),
        aggregate_ids: events.iter().map(|event| event.aggregate_id).collect(),
        channels: events.iter().map(|event| event.channel.map(str::to_owned)).collect(),
        owners: events.iter().map(|event| event.owner.map(Uuid::from)).collect(),
        payloads: events.into_iter().map(|event| event.payload).collect(),
        actor: origin.actor.to_json(),
        occurred_at: origin.at,
    };
    statement.execute(conn).map(|_| ())
}
