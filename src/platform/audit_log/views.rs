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
#[schema(as = AuditEntry)]
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
