//! The audit log over HTTP.

use actix_web::get;
use actix_web::web::{Data, Path};
use diesel::prelude::*;

use super::listing::{EntryFilter, EntryId, EntryList};
use super::views::EntryView;
use crate::platform::api::{Answer, Paged, ReadRequest};
use crate::platform::app::App;
use crate::platform::audit::AuditEntry;
use crate::platform::auth::{Allowed, ViewAudit};
use crate::platform::error::Problem;

/// List who did what, the newest first.
///
/// `actor` is the id of who did it. Nothing is ever removed from this list; of somebody who was erased it tells no more
/// than that they were there: `{"forgotten": true}`.
#[utoipa::path(tag = "audit-log", params(EntryList), security(("jwtAuth" = ["audit.view"])),
    responses((status = 200, body = Paged<EntryView>)))]
#[get("/")]
pub async fn list_entries(app: Data<App>, _staff: Allowed<ViewAudit>, list: EntryList) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &EntryList| -> Result<_, Problem> {
        let slice = EntryFilter::page(conn, list)?;
        let told = slice.map_rows(|rows| AuditEntry::of_all(conn, rows))?;
        Ok(told.map(EntryView::from))
    };
    list.page(&app, read).await
}

/// Retrieve an entry of the audit log.
#[utoipa::path(tag = "audit-log", params(EntryId, ReadRequest), security(("jwtAuth" = ["audit.view"])),
    responses((status = 200, body = EntryView)))]
#[get("/{id}/")]
pub async fn get_entry(
    app: Data<App>,
    _staff: Allowed<ViewAudit>,
    request: ReadRequest,
    id: Path<EntryId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, Problem> {
        AuditEntry::find(conn, (*id).into())?.map(EntryView::from).ok_or_else(Problem::not_found)
    };
    request.one(&app, find).await
}
