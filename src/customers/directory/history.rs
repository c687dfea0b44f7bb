//! What happened to a customer's account, as a list.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::models::Record;
use crate::platform::api::{ListFilter, ListRequest, LookupQuery, Ordering, Resource, Slice, SortColumn, paginate};
use crate::platform::audit::{self, AuditEntry, Entry, Origin};
use crate::platform::error::Problem;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// Nothing: it is read from its newest entry on.
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

/// The newest first.
pub struct HistoryOrdering;

impl Ordering for HistoryOrdering {
    const COLUMNS: &'static [SortColumn] = &[SortColumn::new("created_at", "audit_entries.created_at", "timestamptz")];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "audit_entries.id", "uuid");
}

pub(super) type HistoryList = ListRequest<NoFilter, HistoryOrdering>;

/// A page of what was done to the customer and to the account.
pub(super) fn page(conn: &mut PgConnection, list: &HistoryList, record: &Record) -> Result<Slice<AuditEntry>, Problem> {
    let objects = objects(record);
    let slice = paginate!(conn, || audit::of_objects(&objects), Entry, list);
    Ok(slice.map_rows(|rows| AuditEntry::of_all(conn, rows))?)
}

/// What was done to somebody's account.
#[derive(Debug, Clone, Copy)]
pub struct HistoryData;

impl PersonalData for HistoryData {
    fn section(&self) -> &'static str {
        "history"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let Some(record) = Record::find(conn, customer)? else { return Ok(Value::Null) };
        let shown = AuditEntry::all_about(conn, &objects(&record))?.into_iter().map(|entry| {
            json!({
                "action": entry.action, "changes": entry.changes, "address": entry.address,
                "created_at": entry.created_at,
            })
        });
        Ok(shown.collect())
    }

    /// The account's last entry says that it was erased; the audit log forgets the person by itself.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &Origin) -> QueryResult<()> {
        Ok(())
    }
}

fn objects(record: &Record) -> Vec<(&'static str, String)> {
    let user = record.customer.user_id.map(|user| ("user", user.to_string()));
    [("customer", record.customer.id.to_string())].into_iter().chain(user).collect()
}

/// Something that happened to a customer's account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerHistoryEntry)]
pub struct HistoryView {
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// Such as `user.signed_in` or `customer.changed`.
    pub action: String,
    /// Who did it: the customer, staff, a program, or the shop itself.
    #[schema(value_type = Object)]
    pub actor: Value,
    /// Fields with their new values.
    #[schema(value_type = Object)]
    pub changes: Value,
    /// Where the request came from.
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Resource for HistoryView {}

impl From<AuditEntry> for HistoryView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, action, actor, changes, address, request_id, created_at, .. } = entry;
        Self { id, action, actor, changes, address, request_id, created_at }
    }
}
