//! The list of customers as a table to download.

use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use futures_util::FutureExt;
use serde_json::json;

use super::listing::CustomerFilter;
use super::models::Record;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::db::Db;
use crate::platform::http::{NextRows, Rows};
use crate::platform::types::CustomerId;

/// Rows that are read at once: an export of any length needs the memory of so many.
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

/// Writes down who takes how many customers away.
pub(super) fn note(conn: &mut PgConnection, filter: &CustomerFilter, origin: &Origin) -> QueryResult<()> {
    let count: i64 = filter.query().count().get_result(conn)?;
    let told = Changes::created(&json!({"customers": count}));
    audit::record(conn, origin, "customers.exported", ("customers", String::new()), told)
}

pub(super) fn head() -> Rows {
    let mut rows = Rows::default();
    rows.push(COLUMNS);
    rows
}

/// The next customers behind `last`; each batch is a reading of its own, so no transaction lasts as long as a download.
pub(super) fn next(db: &Db, filter: &Arc<CustomerFilter>, last: Option<CustomerId>) -> NextRows<Option<CustomerId>> {
    let (db, filter) = (db.clone(), Arc::clone(filter));
    async move {
        let read = move |conn: &mut PgConnection| Record::behind(conn, filter.query(), last, BATCH);
        let records = db.read(read).await?;
        let last = records.last().map(|record| record.customer.id);
        Ok(last.map(|last| (table(&records), Some(last))))
    }
    .boxed()
}

fn table(records: &[Record]) -> Rows {
    let mut rows = Rows::default();
    for record in records {
        let (first_name, last_name) = record.names();
        let (customer, account) = (&record.customer, record.account.as_ref());
        let word = |is_so: Option<bool>| is_so.map_or("", |is_so| if is_so { "true" } else { "false" });
        rows.push([
            customer.id.to_string().as_str(),
            customer.external_id.as_deref().unwrap_or_default(),
            record.email().map(|email| email.as_str()).unwrap_or_default(),
            first_name,
            last_name,
            customer.phone.as_ref().map(|phone| phone.as_str()).unwrap_or_default(),
            &customer.language,
            word(Some(account.is_some())),
            word(account.map(|account| account.is_active)),
            word(account.map(|account| account.email_verified_at.is_some())),
            &customer.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        ]);
    }
    rows
}
