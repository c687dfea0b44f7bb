//! Responses of the audit log.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::listing::AuditEntryId;
use crate::platform::api::View;
use crate::platform::audit::{AuditEntry, FieldChange};
use crate::platform::types::ActorView;

/// Entry of the audit log.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = AuditEntry, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d51", "action": "group.changed",
    "actor": {"type": "user", "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d31"}, "object_type": "group",
    "object_id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d32",
    "changes": {"name": {"before": "Orders", "after": "Order desk"}}, "address": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "request_id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d52", "created_at": "2026-11-21T08:00:00Z",
}))]
#[view(row = AuditEntry)]
pub struct AuditEntryView {
    #[view(value = row.id.into())]
    pub id: AuditEntryId,
    /// Object type and action.
    #[schema(example = "category.changed")]
    pub action: String,
    /// User, app, guest or system that performed the action.
    #[schema(value_type = ActorView)]
    pub actor: Value,
    pub object_type: String,
    pub object_id: String,
    /// Changed fields with their values before and after.
    #[schema(value_type = HashMap<String, FieldChange>, example = json!({"name": {"before": "Mug", "after": "Cup"}}))]
    pub changes: Value,
    /// Network address of the client. Null for actions of the system.
    pub address: Option<String>,
    pub user_agent: String,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
}
