//! Orders over HTTP: seeing them, confirming and cancelling.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::access::OrderAccess;
use super::errors::OrderError;
use super::listing::{OrderFilter, OrderSortKey};
use super::models::HistoryEntry;
use super::services;
use super::views::{HistoryView, OrderView, TransitionBody};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, CurrentCustomer, CurrentUser, ManageOrders, Permission};
use crate::platform::error::Problem;
use crate::platform::http::{Body, Filters, Page, Paged, Sort};
use crate::platform::types::OrderId;

/// List orders, the newest first: one's own, or all for staff.
#[utoipa::path(tag = "orders", params(OrderFilter, Sort<OrderSortKey>, Page), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<OrderView>)))]
#[get("/")]
pub async fn list_orders(
    app: Data<App>,
    user: CurrentUser,
    filter: Filters<OrderFilter>,
    sort: Sort<OrderSortKey>,
    page: Page,
) -> Result<Json<Paged<OrderView>>, Problem> {
    let access = OrderAccess::of(&user.0, Permission::OrdersView)?;
    list(&app, access, (filter.0, sort, page)).await
}

/// List the signed-in customer's orders, the newest first.
#[utoipa::path(tag = "customers", params(OrderFilter, Sort<OrderSortKey>, Page), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<OrderView>)))]
#[get("/me/orders/")]
pub async fn list_my_orders(
    app: Data<App>,
    customer: CurrentCustomer,
    filter: Filters<OrderFilter>,
    sort: Sort<OrderSortKey>,
    page: Page,
) -> Result<Json<Paged<OrderView>>, Problem> {
    list(&app, OrderAccess::customer(customer.id), (filter.0, sort, page)).await
}

async fn list(
    app: &App,
    access: OrderAccess,
    query: (OrderFilter, Sort<OrderSortKey>, Page),
) -> Result<Json<Paged<OrderView>>, Problem> {
    let (filter, sort, page) = query;
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let (count, rows) = filter.page(conn, &access, &sort, &page)?;
        Ok(page.envelope(count, OrderView::of_all(conn, rows)?))
    };
    Ok(Json(app.db.read(list).await?))
}

/// Retrieve an order: one's own, any for staff, or a guest's with the header `X-Order-Token`.
#[utoipa::path(tag = "orders", params(OrderId,
    ("X-Order-Token" = Option<String>, Header, description = "A guest's secret, from the answer to placing the order.")),
    security((), ("jwtAuth" = [])), responses((status = 200, body = OrderView)))]
#[get("/{id}/")]
pub async fn get_order(app: Data<App>, access: OrderAccess, id: Path<OrderId>) -> Result<Json<OrderView>, Problem> {
    let find = move |conn: &mut PgConnection| {
        let order = services::find(conn, *id, &access)?;
        Ok::<_, OrderError>(OrderView::of(conn, order)?)
    };
    Ok(Json(app.db.read(find).await?))
}

/// List the moves of an order, the oldest first.
#[utoipa::path(tag = "orders", params(OrderId,
    ("X-Order-Token" = Option<String>, Header, description = "A guest's secret, from the answer to placing the order.")),
    security((), ("jwtAuth" = [])), responses((status = 200, body = Vec<HistoryView>)))]
#[get("/{id}/history/")]
pub async fn get_history(
    app: Data<App>,
    access: OrderAccess,
    id: Path<OrderId>,
) -> Result<Json<Vec<HistoryView>>, Problem> {
    let is_for_staff = access.is_staff();
    let find = move |conn: &mut PgConnection| {
        let order = services::find(conn, *id, &access)?;
        Ok::<_, OrderError>(HistoryEntry::of_order(conn, order.id)?)
    };
    let history = app.db.read(find).await?;
    Ok(Json(history.into_iter().map(|entry| HistoryView::new(entry, is_for_staff)).collect()))
}

/// Confirm a pending order.
///
/// The customer and the administrators are told.
#[utoipa::path(tag = "orders", params(OrderId), security(("jwtAuth" = [])), request_body = TransitionBody,
    responses((status = 200, body = OrderView)))]
#[post("/{id}/confirm/")]
pub async fn confirm_order(
    app: Data<App>,
    _staff: Allowed<ManageOrders>,
    origin: Origin,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Json<OrderView>, Problem> {
    let note = body.0.into_note();
    let confirm = move |conn: &mut PgConnection| {
        let order = services::lock(conn, *id, &OrderAccess::Staff)?;
        let order = services::confirm(conn, &order, &note, &origin)?;
        Ok::<_, OrderError>(OrderView::of(conn, order)?)
    };
    Ok(Json(app.db.write(confirm).await?))
}
