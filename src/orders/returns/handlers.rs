//! Returns over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::listing::{ReturnFilter, ReturnList};
use super::models::{Return, ReturnId};
use super::services;
use super::views::ReturnView;
use crate::orders::lifecycle::{self, OrderAccess, OrderError, TransitionBody};
use crate::platform::api::{Answer, Created, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, CreateReturns, ViewReturns};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::OrderId;

/// List returns, the newest first.
#[utoipa::path(tag = "returns", params(ReturnList), security(("jwtAuth" = ["returns.view"])),
    responses((status = 200, body = Paged<ReturnView>)))]
#[get("/")]
pub async fn list_returns(app: Data<App>, staff: Allowed<ViewReturns>, list: ReturnList) -> Result<Answer, Problem> {
    let reach = staff.principal.reach;
    let read = move |conn: &mut PgConnection, list: &ReturnList| -> Result<_, Problem> {
        Ok(ReturnFilter::page(conn, list, &reach)?.map(|row| ReturnView::new(row, Vec::new())))
    };
    list.page(&app, read).await
}

/// Retrieve a return with its lines.
#[utoipa::path(tag = "returns", params(ReturnId, ReadRequest), security(("jwtAuth" = ["returns.view"])),
    responses((status = 200, body = ReturnView)))]
#[get("/{id}/")]
pub async fn get_return(
    app: Data<App>,
    staff: Allowed<ViewReturns>,
    request: ReadRequest,
    id: Path<ReturnId>,
) -> Result<Answer, Problem> {
    let access = OrderAccess::of_staff(&staff);
    let find = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let row = Return::find(conn, *id)?.ok_or(OrderError::NotFound)?;
        // What came back without an order of ours belongs to no channel.
        match row.order_id {
            Some(order) => drop(lifecycle::find(conn, order, &access)?),
            None if access == OrderAccess::everything() => {}
            None => return Err(OrderError::NotFound),
        }
        let lines = row.lines(conn)?;
        Ok(ReturnView::new(row, lines))
    };
    request.one(&app, find).await
}

/// Take back everything in a shipped or delivered order.
///
/// The goods are on their shelves again, and the order is returned.
#[utoipa::path(tag = "orders", params(OrderId, WriteRequest), security(("jwtAuth" = ["returns.create"])),
    request_body = TransitionBody, responses((status = 201, body = ReturnView)))]
#[post("/{id}/returns/")]
pub async fn take_back_order(
    app: Data<App>,
    staff: Allowed<CreateReturns>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let access = OrderAccess::of_staff(&staff);
    let note = body.0.into_note();
    let receive = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, OrderError> {
        lifecycle::expect(conn, *id, &access, &request.expected)?;
        let row = services::receive(conn, *id, &note, &request.origin)?;
        let lines = row.lines(conn)?;
        let view = ReturnView::new(row, lines);
        Ok(Created::at(format!("/api/returns/{}/", view.id), view))
    };
    request.run(&app, receive).await
}
