//! Publishing, and handing on.

use std::collections::HashSet;

use anyhow::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tracing::error;
use uuid::Uuid;

use super::Subscriptions;
use super::models::{NewEvent, StoredEvent, insert_all, last_position};
use crate::platform::audit::Origin;
use crate::platform::db::wake_on_commit;
use crate::platform::jobs;
use crate::platform::types::EventId;
use crate::schema::events;

/// Held by the one dispatcher at work, for as long as its transaction lasts.
const DISPATCHER_LOCK: i64 = 0x4556_454e_5453;

/// Writes an event into the outbox. The caller holds the aggregate's row locked, or has just made it.
pub fn publish(conn: &mut PgConnection, event: NewEvent<'_>, origin: &Origin) -> QueryResult<EventId> {
    let id = EventId::generate();
    insert_all(conn, &[id], vec![event], origin)?;
    wake_on_commit();
    Ok(id)
}

/// Writes events into the outbox, in their order. The caller holds the rows of their aggregates locked, or has just
/// made them.
pub fn publish_all(conn: &mut PgConnection, events: Vec<NewEvent<'_>>, origin: &Origin) -> QueryResult<()> {
    let ids: Vec<EventId> = events.iter().map(|_| EventId::generate()).collect();
    insert_all(conn, &ids, events, origin)?;
    wake_on_commit();
    Ok(())
}

/// The events about these things.
pub fn ids_about(conn: &mut PgConnection, aggregate_type: &str, aggregates: &[Uuid]) -> QueryResult<Vec<EventId>> {
    events::table
        .filter(events::aggregate_type.eq(aggregate_type))
        .filter(events::aggregate_id.eq_any(aggregates))
        .select(events::id)
        .load(conn)
}

/// Hands on one batch and tells how many events went on; none where another dispatcher is at it.
///
/// Place in the feed and jobs are written in one transaction: an event is never handed on by halves.
pub fn dispatch_batch(
    conn: &mut PgConnection,
    subscriptions: &Subscriptions,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<usize> {
    #[derive(QueryableByName)]
    struct Elected {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        is_elected: bool,
    }
    let elected: Elected =
        diesel::sql_query(format!("select pg_try_advisory_xact_lock({DISPATCHER_LOCK}) as is_elected"))
            .get_result(conn)?;
    if !elected.is_elected {
        return Ok(0);
    }
    let mut batch = Batch { subscriptions, now, position: last_position(conn)?, handed_on: 0, stuck: HashSet::new() };
    let mut after = 0;
    loop {
        let waiting = StoredEvent::undispatched(conn, after, limit)?;
        for event in &waiting {
            batch.hand_on(conn, event)?;
        }
        // Only events that nobody understands stand at the head: what is behind them must not wait for them.
        match waiting.last() {
            Some(last) if batch.handed_on == 0 => after = last.ordinal,
            _ => return Ok(batch.handed_on),
        }
    }
}

struct Batch<'a> {
    subscriptions: &'a Subscriptions,
    now: DateTime<Utc>,
    position: i64,
    handed_on: usize,
    /// Aggregates that have an event which nobody understands.
    stuck: HashSet<Uuid>,
}

impl Batch<'_> {
    /// What follows an event that nobody understands waits with it, in its aggregate's order; all others go on.
    fn hand_on(&mut self, conn: &mut PgConnection, event: &StoredEvent) -> Result<()> {
        if self.stuck.contains(&event.aggregate_id) {
            return Ok(());
        }
        match (self.subscriptions)(event) {
            Ok(wanted) => {
                self.position += 1;
                self.handed_on += 1;
                event.place(conn, self.position)?;
                jobs::enqueue_all(conn, &wanted, self.now)?;
            }
            Err(error) => {
                error!(event.id = %event.id, "Event {} ({}) cannot be handed on: {error:#}", event.id, event.topic);
                self.stuck.insert(event.aggregate_id);
            }
        }
        Ok(())
    }
}

/// Waits until no other dispatcher is at work, and keeps all others away until the transaction ends.
pub fn become_dispatcher(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(format!("select pg_advisory_xact_lock({DISPATCHER_LOCK})")).execute(conn).map(|_| ())
}
