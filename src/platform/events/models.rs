//! Rows of the outbox.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::platform::types::EventId;
use crate::schema::events;

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

/// The number of the next event of an aggregate, whose row the caller holds locked.
pub(super) fn next_sequence(conn: &mut PgConnection, aggregate_type: &str, id: Uuid) -> QueryResult<i32> {
    let last = events::table
        .filter(events::aggregate_type.eq(aggregate_type))
        .filter(events::aggregate_id.eq(id))
        .select(diesel::dsl::max(events::sequence))
        .first::<Option<i32>>(conn)?;
    Ok(last.unwrap_or_default() + 1)
}
