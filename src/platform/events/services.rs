//! Publishing and dispatching.

use std::collections::HashSet;

use anyhow::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tracing::error;
use uuid::Uuid;

use super::models::{NewEvent, StoredEvent, Subscriptions, insert_all, last_position};
use crate::platform::db::signal_on_commit;
use crate::platform::jobs;
use crate::platform::types::EventId;
use crate::platform::write_context::WriteContext;
use crate::schema::events;

/// Advisory lock of the active dispatcher, held until its transaction ends.
const DISPATCHER_LOCK: i64 = 0x4556_454e_5453;

/// Writes an event to the outbox. The caller must have locked or inserted the row of the aggregate.
pub fn publish(conn: &mut PgConnection, event: NewEvent<'_>, context: &WriteContext) -> QueryResult<EventId> {
    let id = EventId::generate();
    insert_all(conn, &[id], vec![event], context)?;
    signal_on_commit();
    Ok(id)
}

/// Writes events to the outbox in the given order.
///
/// The caller must have locked or inserted the rows of the aggregates.
pub fn publish_all(conn: &mut PgConnection, events: Vec<NewEvent<'_>>, context: &WriteContext) -> QueryResult<()> {
    let ids: Vec<EventId> = events.iter().map(|_| EventId::generate()).collect();
    insert_all(conn, &ids, events, context)?;
    signal_on_commit();
    Ok(())
}

/// Returns the ids of all events about these aggregates.
pub fn ids_for_aggregates(
    conn: &mut PgConnection,
    aggregate_type: &str,
    aggregates: &[Uuid],
) -> QueryResult<Vec<EventId>> {
    events::table
        .filter(events::aggregate_type.eq(aggregate_type))
        .filter(events::aggregate_id.eq_any(aggregates))
        .select(events::id)
        .load(conn)
}

/// Dispatches one batch and returns the number of dispatched events; 0 if another dispatcher is active.
///
/// One transaction writes the position in the feed and the jobs, so an event is never dispatched partially.
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
    let mut batch =
        DispatchBatch { subscriptions, now, position: last_position(conn)?, dispatched: 0, blocked: HashSet::new() };
    let mut after = 0;
    loop {
        let undispatched = StoredEvent::list_undispatched(conn, after, limit)?;
        for event in &undispatched {
            batch.dispatch(conn, event)?;
        }
        // If no event of this page can be dispatched, the events after it must not wait.
        match undispatched.last() {
            Some(last) if batch.dispatched == 0 => after = last.ordinal,
            _ => return Ok(batch.dispatched),
        }
    }
}

struct DispatchBatch<'a> {
    subscriptions: &'a Subscriptions,
    now: DateTime<Utc>,
    position: i64,
    dispatched: usize,
    /// Aggregates with an event that cannot be dispatched.
    blocked: HashSet<Uuid>,
}

impl DispatchBatch<'_> {
    /// Dispatches one event.
    ///
    /// An event that cannot be dispatched blocks the later events of its aggregate, but no others.
    fn dispatch(&mut self, conn: &mut PgConnection, event: &StoredEvent) -> Result<()> {
        if self.blocked.contains(&event.aggregate_id) {
            return Ok(());
        }
        match (self.subscriptions)(event) {
            Ok(new_jobs) => {
                self.position += 1;
                self.dispatched += 1;
                event.set_position(conn, self.position)?;
                jobs::enqueue_all(conn, &new_jobs, self.now)?;
            }
            Err(error) => {
                error!(event.id = %event.id, "Cannot dispatch event {} ({}): {error:#}", event.id, event.topic);
                self.blocked.insert(event.aggregate_id);
            }
        }
        Ok(())
    }
}

/// Waits for the active dispatcher and excludes all others until the transaction ends.
pub fn lock_dispatcher(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(format!("select pg_advisory_xact_lock({DISPATCHER_LOCK})")).execute(conn).map(|_| ())
}
