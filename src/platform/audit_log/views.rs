//! Entries as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::listing::EntryId;
use crate::platform::api::Resource;
use crate::platform::audit::AuditEntry;

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryView {
    pub id: EntryId,
    /// What: the kind of thing, and what was done to it.
    #[schema(example = "category.changed")]
    pub action: String,
    /// Who.
    #[schema(value_type = Object)]
    pub actor: Value,
    pub object_type: String,
    pub object_id: String,
    /// Each field with what it was and what it is.
    #[schema(value_type = Object, example = json!({"name": {"before": "Mug", "after": "Cup"}}))]
    pub changes: Value,
    /// Null for what the program did by itself.
    pub address: Option<String>,
    pub user_agent: String,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Resource for EntryView {}

impl From<AuditEntry> for EntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            actor: entry.actor,
            changes: entry.changes,
            id: entry.id.into(),
            action: entry.action,
            object_type: entry.object_type,
            object_id: entry.object_id,
            address: entry.address,
            user_agent: entry.user_agent,
            request_id: entry.request_id,
            created_at: entry.created_at,
        }
    }
}
