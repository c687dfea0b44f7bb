//! Filters and orderings of audit log entries.

use crate::platform::api::{DateTimeLookups, ListFilter, ListRequest, TextLookups};
use crate::platform::audit::AuditEntryRow;
use crate::platform::types::typed_id;
use crate::schema::audit_entries;

typed_id!(
    /// Id of an audit log entry.
    AuditEntryId
);

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = audit_entries, row = AuditEntryRow)]
#[list(order_by(created_at), default = "-created_at")]
pub struct AuditEntryFilter {
    pub action: TextLookups,
    #[list(column = actor_id)]
    pub actor: TextLookups,
    pub object_type: TextLookups,
    pub object_id: TextLookups,
    pub address: TextLookups,
    pub request_id: TextLookups,
    pub created_at: DateTimeLookups,
}

pub(super) type AuditEntryList = ListRequest<AuditEntryFilter>;
