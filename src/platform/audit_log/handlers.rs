//! Endpoints of the audit log.

use actix_web::get;
use actix_web::web::{Data, Path};
use diesel::prelude::*;

use super::listing::{AuditEntryFilter, AuditEntryId, AuditEntryList};
use super::views::AuditEntryView;
use crate::platform::api::{ApiResult, Paged, ReadRequest, endpoint};
use crate::platform::app::App;
use crate::platform::audit::AuditEntry;
use crate::platform::auth::{Allowed, ViewAudit};
use crate::platform::error::Problem;
use crate::schema::audit_entries;

/// List audit log entries
///
/// Returns the entries, newest first. The filter `actor` is the id of a user or an app. Entries are never deleted. The
/// personal data of an erased person is replaced by `{"forgotten": true}`.
#[endpoint(tag = "audit-log", returns(200 = Paged<AuditEntryView>))]
#[get("/")]
pub async fn list_entries(app: Data<App>, _staff: Allowed<ViewAudit>, list: AuditEntryList) -> ApiResult {
    let page = |conn: &mut PgConnection, list: &AuditEntryList| -> Result<_, Problem> {
        let rows = AuditEntryFilter::page(conn, list, || audit_entries::table.into_boxed())?;
        Ok(rows.map_rows(|rows| AuditEntry::from_rows(conn, rows))?)
    };
    list.list::<AuditEntryView, _>(&app, page).await
}

/// Retrieve an audit log entry
///
/// Returns 404 `not_found` if the entry does not exist.
#[endpoint(tag = "audit-log", returns(200 = AuditEntryView))]
#[get("/{id}/")]
pub async fn get_entry(
    app: Data<App>,
    _staff: Allowed<ViewAudit>,
    request: ReadRequest,
    id: Path<AuditEntryId>,
) -> ApiResult {
    let find = move |conn: &mut _| AuditEntry::find(conn, (*id).into())?.ok_or_else(Problem::not_found);
    request.retrieve::<AuditEntryView, _>(&app, find).await
}
