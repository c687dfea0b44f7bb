//! Orders over HTTP: seeing them, confirming and cancelling.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::access::{OrderAccess, OrderToken};
use super::errors::OrderError;
use super::listing::{OrderFilter, OrderList};
use super::models::HistoryEntry;
use super::moving::{Move, move_and_answer};
use super::services;
use super::views::{HistoryView, OrderView, TransitionBody};
use crate::customers::accounts;
use crate::platform::api::{Answer, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, Authenticated, ConfirmOrders, CurrentCustomer, Permission, ViewOrders, Viewer};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{CustomerId, OrderId};

/// List orders, the newest first: one's own, or all for staff.
#[utoipa::path(tag = "orders", params(OrderList), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<OrderView>)))]
#[get("/")]
pub async fn list_orders(app: Data<App>, somebody: Authenticated, list: OrderList) -> Result<Answer, Problem> {
    let access = OrderAccess::of(&somebody.0, Permission::OrdersView)?;
    answer(&app, access, list).await
}

/// List the signed-in customer's orders, the newest first.
#[utoipa::path(tag = "customers", params(OrderList), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<OrderView>)))]
#[get("/me/orders/")]
pub async fn list_my_orders(app: Data<App>, customer: CurrentCustomer, list: OrderList) -> Result<Answer, Problem> {
    answer(&app, OrderAccess::customer(customer.id), list).await
}

/// List a customer's orders, the newest first.
#[utoipa::path(tag = "customers", params(CustomerId, OrderList), security(("jwtAuth" = ["orders.view"])),
    responses((status = 200, body = Paged<OrderView>)))]
#[get("/{id}/orders/")]
pub async fn list_orders_of_customer(
    app: Data<App>,
    staff: Allowed<ViewOrders>,
    mut list: OrderList,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| accounts::Customer::find(conn, *id);
    let customer = app.db.read(find).await?.ok_or_else(Problem::not_found)?;
    list.filter.customer.exact = Some(vec![customer.id]);
    answer(&app, OrderAccess::of_staff(&staff), list).await
}

async fn answer(app: &App, access: OrderAccess, list: OrderList) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &OrderList| -> Result<_, Problem> {
        let slice = OrderFilter::page(conn, list, &access)?;
        Ok(slice.map_rows(|rows| OrderView::of_all(conn, rows))?)
    };
    list.page(app, read).await
}

/// Retrieve an order: one's own, any for staff, or a guest's with the header `X-Order-Token`.
#[utoipa::path(tag = "orders", params(OrderId, OrderToken, ReadRequest), security((), ("jwtAuth" = [])),
    responses((status = 200, body = OrderView)))]
#[get("/{id}/")]
pub async fn get_order(
    app: Data<App>,
    access: OrderAccess,
    request: ReadRequest,
    id: Path<OrderId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let order = services::find(conn, *id, &access)?;
        Ok(OrderView::of(conn, order)?)
    };
    request.one(&app, find).await
}

/// List the moves of an order, the oldest first.
#[utoipa::path(tag = "orders", params(OrderId, OrderToken, ReadRequest), security((), ("jwtAuth" = [])),
    responses((status = 200, body = Vec<HistoryView>)))]
#[get("/{id}/history/")]
pub async fn get_history(
    app: Data<App>,
    access: OrderAccess,
    viewer: Viewer,
    request: ReadRequest,
    id: Path<OrderId>,
) -> Result<Answer, Problem> {
    let sees_notes = viewer.0.is_some_and(|principal| principal.may(Permission::OrdersViewNotes));
    let list = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let order = services::find(conn, *id, &access)?;
        let history = HistoryEntry::of_order(conn, order.id)?;
        Ok(history.into_iter().map(|entry| HistoryView::new(entry, access.is_staff() && sees_notes)).collect())
    };
    request.all(&app, list).await
}

/// Confirm a pending order.
///
/// The customer and the administrators are told.
#[utoipa::path(tag = "orders", params(OrderId, WriteRequest), security(("jwtAuth" = ["orders.confirm"])),
    request_body = TransitionBody, responses((status = 200, body = OrderView)))]
#[post("/{id}/confirm/")]
pub async fn confirm_order(
    app: Data<App>,
    staff: Allowed<ConfirmOrders>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let note = body.0.into_note();
    let confirm = move |conn: &mut PgConnection, step: Move<'_>| {
        let order = services::lock(conn, step.order, step.access)?;
        services::confirm(conn, &order, &note, step.origin)
    };
    move_and_answer(&app, request, (*id, OrderAccess::of_staff(&staff)), confirm).await
}
