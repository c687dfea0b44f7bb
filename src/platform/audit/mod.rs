//! Audit: who did what, to which thing, from where.
//!
//! Owns `audit_entries`, which is only ever added to. Callers record in the transaction of the change.

mod origin;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

pub use origin::Origin;

use crate::platform::types::new_uuid;
use crate::schema::audit_entries;

/// Appends what was done. `changes` names fields with their new values; never a secret.
pub fn record(
    conn: &mut PgConnection,
    origin: &Origin,
    action: &str,
    object: (&str, String),
    changes: Value,
) -> QueryResult<()> {
    let (object_type, object_id) = object;
    diesel::insert_into(audit_entries::table)
        .values((
            audit_entries::id.eq(new_uuid()),
            audit_entries::action.eq(action),
            audit_entries::actor.eq(origin.actor.to_json()),
            audit_entries::object_type.eq(object_type),
            audit_entries::object_id.eq(object_id),
            audit_entries::changes.eq(changes),
            audit_entries::address.eq(&origin.address),
            audit_entries::request_id.eq(&origin.request_id),
            audit_entries::created_at.eq::<DateTime<Utc>>(origin.at),
        ))
        .execute(conn)?;
    Ok(())
}
