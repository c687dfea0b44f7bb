//! History of a customer and the customer's account, from the audit log.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::models::CustomerRecord;
use crate::platform::api::{ListFilter, ListRequest, LookupQuery, Ordering, PageRows, SortColumn, View, paginate};
use crate::platform::audit::{self, AuditEntry, AuditEntryRow, AuditObject, FieldChange};
use crate::platform::error::Problem;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::{ActorView, CustomerId};
use crate::platform::write_context::WriteContext;

/// Filter of a list that cannot be filtered.
#[derive(Debug, Clone, Copy)]
pub struct NoFilter;

impl ListFilter for NoFilter {
    fn read(_: &mut LookupQuery) -> Self {
        Self
    }
}

impl IntoParams for NoFilter {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// Ordering of the history; newest first by default.
pub struct CustomerHistoryOrdering;

impl Ordering for CustomerHistoryOrdering {
    const COLUMNS: &'static [SortColumn] = &[SortColumn::new("created_at", "audit_entries.created_at", "timestamptz")];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "audit_entries.id", "uuid");
}

pub(super) type CustomerHistoryList = ListRequest<NoFilter, CustomerHistoryOrdering>;

/// Returns a page of the audit entries about the customer and the account.
pub(super) fn page(
    conn: &mut PgConnection,
    list: &CustomerHistoryList,
    record: &CustomerRecord,
) -> Result<PageRows<AuditEntry>, Problem> {
    let objects = objects(record);
    let slice = paginate!(conn, || audit::entries_about(&objects), AuditEntryRow, list);
    Ok(slice.map_rows(|rows| AuditEntry::from_rows(conn, rows))?)
}

/// History of a customer, as personal data.
#[derive(Debug, Clone, Copy)]
pub struct CustomerHistoryData;

impl PersonalData for CustomerHistoryData {
    fn section(&self) -> &'static str {
        "history"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let Some(record) = CustomerRecord::find(conn, customer)? else { return Ok(Value::Null) };
        let entries = AuditEntry::list_about(conn, &objects(&record))?.into_iter().map(|entry| {
            json!({
                "action": entry.action, "changes": entry.changes, "address": entry.address,
                "created_at": entry.created_at,
            })
        });
        Ok(entries.collect())
    }

    /// Does nothing: the audit log erases personal values itself and keeps the entry about the erasure.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &WriteContext) -> QueryResult<()> {
        Ok(())
    }
}

fn objects(record: &CustomerRecord) -> Vec<AuditObject> {
    let user = record.customer.user_id.map(|user| AuditObject::new("user", user));
    [AuditObject::new("customer", record.customer.id)].into_iter().chain(user).collect()
}

/// Entry in the history of a customer.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = CustomerHistoryEntry, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d53", "action": "customer.changed",
    "actor": {"type": "user", "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d02"},
    "changes": {"language": {"before": "de", "after": "en"}}, "address": "203.0.113.7",
    "request_id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d54", "created_at": "2026-11-21T08:00:00Z",
}))]
#[view(row = AuditEntry)]
pub struct CustomerHistoryView {
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// Action, such as `user.signed_in` or `customer.changed`.
    pub action: String,
    /// Principal that performed the action: the customer, a staff member, an app or the system.
    #[schema(value_type = ActorView)]
    pub actor: Value,
    /// Changed fields with their values before and after the change.
    #[schema(value_type = HashMap<String, FieldChange>)]
    pub changes: Value,
    /// IP address of the client.
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
}
