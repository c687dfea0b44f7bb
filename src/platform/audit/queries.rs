//! Queries for audit entries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::entry::AuditEntryRow;
use super::json_text::JsonText;
use super::object::AuditObject;
use super::personal::insert_values;
use crate::schema::{audit_entries, audit_personal_values};

/// An audit entry with the personal data that is not erased.
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
    /// Converts rows to entries and loads the personal data of all rows with one query.
    pub fn from_rows(conn: &mut PgConnection, entries: Vec<AuditEntryRow>) -> QueryResult<Vec<Self>> {
        Ok(reveal(conn, entries)?.map(|(entry, changes)| Self::new(entry, changes)).collect())
    }

    pub fn find(conn: &mut PgConnection, id: Uuid) -> QueryResult<Option<Self>> {
        let entry = AuditEntryRow::query().filter(audit_entries::id.eq(id)).first(conn).optional()?;
        Ok(Self::from_rows(conn, entry.into_iter().collect())?.pop())
    }

    /// Returns all entries about these objects, oldest first.
    pub fn list_about(conn: &mut PgConnection, objects: &[AuditObject]) -> QueryResult<Vec<Self>> {
        let entries = entries_about(objects).order((audit_entries::created_at, audit_entries::id));
        let entries = entries.select(AuditEntryRow::as_select()).load(conn)?;
        Self::from_rows(conn, entries)
    }

    fn new(entry: AuditEntryRow, changes: Value) -> Self {
        let AuditEntryRow {
            id,
            action,
            actor,
            object_type,
            object_id,
            address,
            user_agent,
            request_id,
            created_at,
            ..
        } = entry;
        let actor = actor.value();
        Self { id, action, actor, object_type, object_id, changes, address, user_agent, request_id, created_at }
    }
}

/// Returns the query for all entries about these objects. The caller adds paging and ordering.
pub fn entries_about(objects: &[AuditObject]) -> audit_entries::BoxedQuery<'static, Pg> {
    let no_rows = diesel::dsl::sql::<diesel::sql_types::Bool>("false");
    let mut query = audit_entries::table.filter(no_rows).into_boxed();
    for AuditObject { object_type, id } in objects {
        let is_object = audit_entries::object_type.eq(*object_type).and(audit_entries::object_id.eq(id.clone()));
        query = query.or_filter(is_object);
    }
    query
}

/// Returns the changes of these entries with their personal values. An erased value is `{"forgotten": true}`.
fn reveal(
    conn: &mut PgConnection,
    entries: Vec<AuditEntryRow>,
) -> QueryResult<impl Iterator<Item = (AuditEntryRow, Value)>> {
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
    let rows = audit_personal_values::table.filter(audit_personal_values::entry_id.eq_any(ids));
    let rows: Vec<(Uuid, JsonText)> =
        rows.select((audit_personal_values::entry_id, audit_personal_values::changes)).load(conn)?;
    let values: HashMap<Uuid, Value> = rows.into_iter().map(|(id, changes)| (id, changes.value())).collect();
    Ok(entries.into_iter().map(move |entry| {
        let changes = insert_values(entry.changes.value(), values.get(&entry.id));
        (entry, changes)
    }))
}
