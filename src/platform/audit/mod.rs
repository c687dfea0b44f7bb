//! Audit: who did what, to which thing, from where.
//!
//! Owns `audit_entries`, which is only ever added to. Callers record in the transaction of the change.

mod changes;
mod origin;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

pub use changes::Changes;
pub use origin::Origin;

use crate::platform::types::new_uuid;
use crate::schema::audit_entries;

/// Appends what was done to which thing, in the transaction that does it.
///
/// `action` is `thing.verb_in_the_past`; `object` is a type and an id, a literal and `id.to_string()`.
pub fn record(
    conn: &mut PgConnection,
    origin: &Origin,
    action: &str,
    object: (&str, String),
    changes: Changes,
) -> QueryResult<()> {
    let (object_type, object_id) = object;
    diesel::insert_into(audit_entries::table)
        .values((
            audit_entries::id.eq(new_uuid()),
            audit_entries::action.eq(action),
            audit_entries::actor.eq(origin.actor.to_json()),
            audit_entries::object_type.eq(object_type),
            audit_entries::object_id.eq(object_id),
            audit_entries::changes.eq(changes.into_json()?),
            audit_entries::address.eq(&origin.address),
            audit_entries::user_agent.eq(&origin.user_agent),
            audit_entries::request_id.eq(&origin.request_id),
            audit_entries::created_at.eq::<DateTime<Utc>>(origin.at),
        ))
        .execute(conn)?;
    Ok(())
}
