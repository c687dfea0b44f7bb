//! HTTP handlers of returns.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::listing::{ReturnFilter, ReturnList, accessible_returns};
use super::models::ReturnId;
use super::services;
use super::views::ReturnView;
use crate::orders::access::OrderAccess;
use crate::orders::ids::OrderId;
use crate::orders::lifecycle::{self, OrderError, TransitionBody};
use crate::orders::permissions::{CreateReturns, ViewReturns};
use crate::platform::api::{ApiResponse, Created, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::write_context::WriteContext;

/// List returns
///
/// Returns the returns of orders in the staff member's channels, newest first and without their lines.
#[endpoint(tag = "returns", returns(200 = Paged<ReturnView>))]
#[get("/")]
pub async fn list_returns(
    app: Data<App>,
    staff: Allowed<ViewReturns>,
    list: ReturnList,
) -> Result<ApiResponse, Problem> {
    let scope = staff.principal.channel_scope;
    let read = move |conn: &mut PgConnection, list: &ReturnList| -> Result<_, Problem> {
        Ok(ReturnFilter::page(conn, list, || accessible_returns(&scope))?.map(|row| ReturnView::new(row, Vec::new())))
    };
    list.page(&app, read).await
}

/// Retrieve a return
///
/// Returns the return with its lines. Returns 404 `not_found` if the return does not exist or its order is in another
/// channel. A return without an order is accessible only without a channel restriction.
#[endpoint(tag = "returns", returns(200 = ReturnView))]
#[get("/{id}/")]
pub async fn get_return(
    app: Data<App>,
    staff: Allowed<ViewReturns>,
    request: ReadRequest,
    id: Path<ReturnId>,
) -> Result<ApiResponse, Problem> {
    let access = OrderAccess::for_staff(&staff);
    let find = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let row = services::find(conn, *id, &access)?;
        Ok(ReturnView::load(conn, row)?)
    };
    request.one(&app, find).await
}

/// Return an order
///
/// Creates a return of all lines of a shipped or delivered order, adds the goods to the stock and changes the order to
/// `returned`. Returns 404 `not_found` if the order does not exist and 409 `invalid_transition` if the order is neither
/// shipped nor delivered.
#[endpoint(tag = "orders", returns(201 = ReturnView))]
#[post("/{id}/returns/")]
pub async fn create_return(
    app: Data<App>,
    staff: Allowed<CreateReturns>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<ApiResponse, Problem> {
    let access = OrderAccess::for_staff(&staff);
    let note = body.0.into_note();
    let create = move |conn: &mut PgConnection, context: &WriteContext| -> Result<_, OrderError> {
        lifecycle::ensure_version(conn, *id, &access, context)?;
        let row = services::return_order(conn, *id, &note, context)?;
        let view = ReturnView::load(conn, row)?;
        Ok(Created::at(format!("/api/returns/{}/", view.id), view))
    };
    request.run(&app, create).await
}
