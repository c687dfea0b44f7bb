//! Customers over HTTP, for staff.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch};
use diesel::prelude::*;

use super::errors::DirectoryError;
use super::history::{self, HistoryList, HistoryView};
use super::listing::{CustomerFilter, CustomerList};
use super::views::{CustomerRecordView, PatchedCustomerBody};
use super::{export, services};
use crate::platform::api::{Answer, Changed, FilterRequest, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{
    Allowed, ChangeCustomers, ExportCustomers, Permission, ViewCustomerHistory, ViewCustomers,
};
use crate::platform::error::Problem;
use crate::platform::http::{Body, download};
use crate::platform::types::CustomerId;

/// List customers, the newest first.
#[utoipa::path(tag = "customers", params(CustomerList), security(("jwtAuth" = ["customers.view"])),
    responses((status = 200, body = Paged<CustomerRecordView>)))]
#[get("/")]
pub async fn list_customers(
    app: Data<App>,
    staff: Allowed<ViewCustomers>,
    list: CustomerList,
) -> Result<Answer, Problem> {
    list.filter.ensure_seen_by(&staff.principal)?;
    let read = |conn: &mut PgConnection, list: &CustomerList| -> Result<_, Problem> {
        let slice = CustomerFilter::page(conn, list)?;
        Ok(slice.map_rows(|rows| CustomerRecordView::of_all(conn, rows))?)
    };
    list.page(&app, read).await
}

/// Download customers as a table (CSV in UTF-8), in the order in which they came.
///
/// Takes the filters of the list. Cells that a spreadsheet would take for formulas are led by an apostrophe.
#[utoipa::path(tag = "customers", params(FilterRequest<CustomerFilter>),
    security(("jwtAuth" = ["customers.export"])),
    responses((status = 200, body = String, content_type = "text/csv")))]
#[get("/export/")]
pub async fn export_customers(
    app: Data<App>,
    staff: Allowed<ExportCustomers>,
    origin: Origin,
    filter: FilterRequest<CustomerFilter>,
) -> Result<HttpResponse, Problem> {
    let FilterRequest(filter) = filter;
    filter.ensure_seen_by(&staff.principal)?;
    let filter = Arc::new(filter);
    let (noted, db) = (Arc::clone(&filter), app.db.clone());
    app.db.write(move |conn| export::note(conn, &noted, &origin)).await?;
    download("customers.csv", export::head(), None, move |last| export::next(&db, &filter, last))
}

/// Retrieve a customer.
#[utoipa::path(tag = "customers", params(CustomerId, ReadRequest), security(("jwtAuth" = ["customers.view"])),
    responses((status = 200, body = CustomerRecordView)))]
#[get("/{id}/")]
pub async fn get_customer(
    app: Data<App>,
    _staff: Allowed<ViewCustomers>,
    request: ReadRequest,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, DirectoryError> {
        let record = services::find(conn, *id)?;
        Ok(CustomerRecordView::of(conn, record)?)
    };
    request.one(&app, find).await
}

/// Change a customer.
///
/// Private metadata needs `customers.view_private` as well.
#[utoipa::path(tag = "customers", params(CustomerId, WriteRequest), security(("jwtAuth" = ["customers.change"])),
    request_body = PatchedCustomerBody, responses((status = 200, body = CustomerRecordView)))]
#[patch("/{id}/")]
pub async fn change_customer(
    app: Data<App>,
    staff: Allowed<ChangeCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
    body: Body<PatchedCustomerBody>,
) -> Result<Answer, Problem> {
    let command = body.0.into_command();
    if command.private_metadata.is_some() && !staff.principal.may(Permission::CustomersViewPrivate) {
        return Err(Problem::permission_denied());
    }
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, DirectoryError> {
        let record = services::change(conn, *id, &command, request)?;
        Ok(Changed(CustomerRecordView::of(conn, record)?))
    };
    request.run(&app, change).await
}

/// List what happened to a customer's account, the newest first.
#[utoipa::path(tag = "customers", params(CustomerId, HistoryList),
    security(("jwtAuth" = ["customers.view_history"])), responses((status = 200, body = Paged<HistoryView>)))]
#[get("/{id}/history/")]
pub async fn list_history(
    app: Data<App>,
    _staff: Allowed<ViewCustomerHistory>,
    list: HistoryList,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &HistoryList| -> Result<_, Problem> {
        let record = services::find(conn, *id)?;
        Ok(history::page(conn, list, &record)?.map(HistoryView::from))
    };
    list.page(&app, read).await
}
