//! What was done to one thing.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::schema::audit_entries;

/// Something that was done.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = audit_entries)]
pub struct AuditEntry {
    pub id: Uuid,
    pub action: String,
    pub actor: Value,
    pub changes: Value,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
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
