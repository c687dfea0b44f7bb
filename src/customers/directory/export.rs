//! CSV export of the customer list.

use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use futures_util::FutureExt;
use serde_json::json;

use super::listing::CustomerFilter;
use super::models::{CustomerRecord, records};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::db::Db;
use crate::platform::http::{CsvRows, NextCsvRows};
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Number of rows per batch. An export holds only one batch in memory.
const BATCH: i64 = 1000;

const COLUMNS: [&str; 11] = [
    "id",
    "external_id",
    "email",
    "first_name",
    "last_name",
    "phone",
    "language",
    "has_account",
    "is_active",
    "is_verified",
    "created_at",
];

/// Records in the audit log that the actor exports customers, and their number.
pub(super) fn record_export(
    conn: &mut PgConnection,
    filter: &CustomerFilter,
    context: &WriteContext,
) -> QueryResult<()> {
    let count: i64 = filter.apply(records()).count().get_result(conn)?;
    let changes = Changes::created(&json!({"customers": count}));
    audit::record(conn, context, "customers.exported", AuditObject::new("customers", ""), changes)
}

/// Returns the header row.
pub(super) fn header_row() -> CsvRows {
    let mut rows = CsvRows::default();
    rows.push(COLUMNS);
    rows
}

/// Reads the batch after the customer `last`. Each batch is a separate read, so that no transaction stays open for the
/// whole download.
pub(super) fn next_batch(
    db: &Db,
    filter: &Arc<CustomerFilter>,
    last: Option<CustomerId>,
) -> NextCsvRows<Option<CustomerId>> {
    let (db, filter) = (db.clone(), Arc::clone(filter));
    async move {
        let read =
            move |conn: &mut PgConnection| CustomerRecord::list_after(conn, filter.apply(records()), last, BATCH);
        let records = db.read(read).await?;
        let last = records.last().map(|record| record.customer.id);
        Ok(last.map(|last| (table(&records), Some(last))))
    }
    .boxed()
}

fn table(records: &[CustomerRecord]) -> CsvRows {
    let mut rows = CsvRows::default();
    for record in records {
        let (first_name, last_name) = record.names();
        let (customer, account) = (&record.customer, record.account.as_ref());
        let boolean = |value: Option<bool>| value.map_or("", |value| if value { "true" } else { "false" });
        rows.push([
            customer.id.to_string().as_str(),
            customer.external_id.as_deref().unwrap_or_default(),
            record.email().map(|email| email.as_str()).unwrap_or_default(),
            first_name,
            last_name,
            customer.phone.as_ref().map(|phone| phone.as_str()).unwrap_or_default(),
            &customer.language,
            boolean(Some(account.is_some())),
            boolean(account.map(|account| account.is_active)),
            boolean(account.map(|account| account.email_verified_at.is_some())),
            &customer.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        ]);
    }
    rows
}
