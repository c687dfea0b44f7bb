//! HTTP handlers of customer records, for staff.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch};

use super::history::{self, CustomerHistoryList, CustomerHistoryView};
use super::listing::{CustomerFilter, CustomerList};
use super::models::records;
use super::views::{CustomerRecordView, PatchedCustomerBody};
use super::{export, services};
use crate::customers::permissions::ViewPrivateCustomers;
use crate::customers::permissions::{ChangeCustomers, ExportCustomers, ViewCustomerHistory, ViewCustomers};
use crate::platform::api::{ApiResponse, FilterRequest, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::error::Problem;
use crate::platform::http::{Body, download_csv};
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// List customers
///
/// Returns customers with and without an account, newest first. Returns 403 `permission_denied` if the filter `group`
/// is used without `customer_groups.view`.
#[endpoint(tag = "customers", returns(200 = Paged<CustomerRecordView>))]
#[get("/")]
pub async fn list_customers(
    app: Data<App>,
    staff: Allowed<ViewCustomers>,
    list: CustomerList,
) -> Result<ApiResponse, Problem> {
    list.filter.ensure_allowed(&staff.principal)?;
    let page = |conn: &mut _, list: &_| CustomerFilter::page(conn, list, records);
    list.list::<CustomerRecordView, _>(&app, page).await
}

/// Export customers
///
/// Returns the customers as CSV in UTF-8, oldest first, and records the export in the audit log. Accepts the filters of
/// the list. A cell that a spreadsheet would interpret as a formula starts with an apostrophe. Returns 403
/// `permission_denied` if the filter `group` is used without `customer_groups.view`.
#[endpoint(tag = "customers", responses((status = 200, body = String, content_type = "text/csv")))]
#[get("/export/")]
pub async fn export_customers(
    app: Data<App>,
    staff: Allowed<ExportCustomers>,
    context: WriteContext,
    filter: FilterRequest<CustomerFilter>,
) -> Result<HttpResponse, Problem> {
    let FilterRequest(filter) = filter;
    filter.ensure_allowed(&staff.principal)?;
    let filter = Arc::new(filter);
    let (recorded, db) = (Arc::clone(&filter), app.db.clone());
    app.db.write(move |conn| export::record_export(conn, &recorded, &context)).await?;
    download_csv("customers.csv", export::header_row(), None, move |last| export::next_batch(&db, &filter, last))
}

/// Retrieve a customer
///
/// Returns 404 `not_found` if the customer does not exist.
#[endpoint(tag = "customers", returns(200 = CustomerRecordView))]
#[get("/{id}/")]
pub async fn get_customer(
    app: Data<App>,
    _staff: Allowed<ViewCustomers>,
    request: ReadRequest,
    id: Path<CustomerId>,
) -> Result<ApiResponse, Problem> {
    request.retrieve::<CustomerRecordView, _>(&app, move |conn| services::find(conn, *id)).await
}

/// Update a customer
///
/// Updates the fields in the request. Changing `private_metadata` also requires `customers.view_private`; without it,
/// the server returns 403 `permission_denied`. Returns 404 `not_found` if the customer does not exist.
#[endpoint(tag = "customers", returns(200 = CustomerRecordView))]
#[patch("/{id}/")]
pub async fn update_customer(
    app: Data<App>,
    staff: Allowed<ChangeCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
    body: Body<PatchedCustomerBody>,
) -> Result<ApiResponse, Problem> {
    let command = body.0.into_command();
    if command.private_metadata.is_some() && !staff.principal.has_permission(ViewPrivateCustomers::PERMISSION) {
        return Err(Problem::permission_denied());
    }
    let update = move |conn: &mut _, context: &_| services::update(conn, *id, &command, context);
    request.update::<CustomerRecordView, _>(&app, update).await
}

/// List the history of a customer
///
/// Returns the audit entries about the customer and the customer's account, newest first. Returns 404 `not_found` if
/// the customer does not exist.
#[endpoint(tag = "customers", returns(200 = Paged<CustomerHistoryView>))]
#[get("/{id}/history/")]
pub async fn list_history(
    app: Data<App>,
    _staff: Allowed<ViewCustomerHistory>,
    list: CustomerHistoryList,
    id: Path<CustomerId>,
) -> Result<ApiResponse, Problem> {
    let page = move |conn: &mut _, list: &_| -> Result<_, Problem> {
        let record = services::find(conn, *id)?;
        history::page(conn, list, &record)
    };
    list.list::<CustomerHistoryView, _>(&app, page).await
}
