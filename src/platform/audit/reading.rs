//! Entries as they are told.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::entry::Entry;
use super::personal::reveal;
use crate::schema::audit_entries;

/// Something that somebody did, with what is still known of people.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub id: Uuid,
    pub action: String,
    pub actor: Value,
    pub object_type: String,
    pub object_id: String,
    pub changes: Value,
    pub address: Option<String>,
    pub user_agent: String,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl AuditEntry {
    /// In one query for all of them.
    pub fn of_all(conn: &mut PgConnection, entries: Vec<Entry>) -> QueryResult<Vec<Self>> {
        let changes = reveal(conn, &entries)?;
        Ok(entries.into_iter().zip(changes).map(|(entry, changes)| Self::new(entry, changes)).collect())
    }

    pub fn find(conn: &mut PgConnection, id: Uuid) -> QueryResult<Option<Self>> {
        let entry = Entry::query().filter(audit_entries::id.eq(id)).first(conn).optional()?;
        Ok(Self::of_all(conn, entry.into_iter().collect())?.pop())
    }

    /// All that was done to any of these things, the oldest first.
    pub fn all_about(conn: &mut PgConnection, objects: &[(&'static str, String)]) -> QueryResult<Vec<Self>> {
        let entries = of_objects(objects).order((audit_entries::created_at, audit_entries::id));
        let entries = entries.select(Entry::as_select()).load(conn)?;
        Self::of_all(conn, entries)
    }

    fn new(entry: Entry, changes: Value) -> Self {
        let Entry { id, action, actor, object_type, object_id, address, user_agent, request_id, created_at, .. } =
            entry;
        let actor = actor.value();
        Self { id, action, actor, object_type, object_id, changes, address, user_agent, request_id, created_at }
    }
}

/// All that was done to any of these things, each by its type and id; whoever asks pages and orders it.
pub fn of_objects(objects: &[(&'static str, String)]) -> audit_entries::BoxedQuery<'static, Pg> {
    let nothing = diesel::dsl::sql::<diesel::sql_types::Bool>("false");
    let mut query = audit_entries::table.filter(nothing).into_boxed();
    for (object_type, object_id) in objects {
        let is_it = audit_entries::object_type.eq(*object_type).and(audit_entries::object_id.eq(object_id.clone()));
        query = query.or_filter(is_it);
    }
    query
}
