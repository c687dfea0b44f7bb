//! HTTP handlers that list, retrieve and confirm orders, and the shared handler of status changes.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::listing::{OrderFilter, OrderList, accessible_orders};
use super::models::{Order, OrderHistoryEntry};
use super::services::{self, OrderError};
use super::views::{OrderHistoryView, OrderView, TransitionBody};
use crate::customers::accounts;
use crate::orders::access::OrderAccess;
use crate::orders::ids::OrderId;
use crate::orders::permissions::ViewOrderNotes;
use crate::orders::permissions::{ConfirmOrders, ViewOrders};
use crate::platform::api::{ApiResponse, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, Authenticated, CurrentCustomer, OptionalPrincipal};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Order whose status changes, with the access of the caller and the context of the write.
#[derive(Debug, Clone, Copy)]
pub struct OrderTransition<'a> {
    pub order: OrderId,
    pub access: &'a OrderAccess,
    pub context: &'a WriteContext,
}

/// Changes the status of an order with `step` and responds with the changed order.
///
/// Rejects the request if the caller has no access to the order or if its version does not match `If-Match`.
pub async fn transition_order(
    app: &App,
    request: WriteRequest,
    order: OrderId,
    access: OrderAccess,
    step: impl Fn(&mut PgConnection, OrderTransition<'_>) -> Result<Order, OrderError> + Send + 'static,
) -> Result<ApiResponse, Problem> {
    let change = move |conn: &mut PgConnection, context: &WriteContext| {
        services::ensure_version(conn, order, &access, context)?;
        step(conn, OrderTransition { order, access: &access, context })
    };
    request.update::<OrderView, _>(app, change).await
}

/// List orders
///
/// Returns the customer's own orders, newest first. Staff members with `orders.view` get the orders of all their
/// channels.
#[endpoint(tag = "orders", returns(200 = Paged<OrderView>))]
#[get("/")]
pub async fn list_orders(app: Data<App>, principal: Authenticated, list: OrderList) -> Result<ApiResponse, Problem> {
    let access = OrderAccess::for_principal(&principal.0, ViewOrders::PERMISSION)?;
    list_page(&app, access, list).await
}

/// List the current customer's orders
///
/// Returns the orders of the authenticated customer, newest first.
#[endpoint(tag = "customers", returns(200 = Paged<OrderView>))]
#[get("/me/orders/")]
pub async fn list_my_orders(
    app: Data<App>,
    customer: CurrentCustomer,
    list: OrderList,
) -> Result<ApiResponse, Problem> {
    list_page(&app, OrderAccess::for_customer(customer.id), list).await
}

/// List a customer's orders
///
/// Returns the customer's orders in the staff member's channels, newest first. Returns 404 `not_found` if the customer
/// does not exist.
#[endpoint(tag = "customers", returns(200 = Paged<OrderView>))]
#[get("/{id}/orders/")]
pub async fn list_orders_of_customer(
    app: Data<App>,
    staff: Allowed<ViewOrders>,
    mut list: OrderList,
    id: Path<CustomerId>,
) -> Result<ApiResponse, Problem> {
    let find = move |conn: &mut PgConnection| accounts::Customer::find(conn, *id);
    let customer = app.db.read(find).await?.ok_or_else(Problem::not_found)?;
    list.filter.customer.exact = Some(vec![customer.id]);
    list_page(&app, OrderAccess::for_staff(&staff), list).await
}

async fn list_page(app: &App, access: OrderAccess, list: OrderList) -> Result<ApiResponse, Problem> {
    let page = move |conn: &mut _, list: &_| OrderFilter::page(conn, list, || accessible_orders(&access));
    list.list::<OrderView, _>(app, page).await
}

/// Retrieve an order
///
/// Customers can retrieve their own orders, staff members with `orders.view` the orders of their channels, and guests
/// the order whose token they send in the header `X-Order-Token`. Returns 404 `not_found` in all other cases.
#[endpoint(tag = "orders", returns(200 = OrderView))]
#[get("/{id}/")]
pub async fn get_order(
    app: Data<App>,
    access: OrderAccess,
    request: ReadRequest,
    id: Path<OrderId>,
) -> Result<ApiResponse, Problem> {
    request.retrieve::<OrderView, _>(&app, move |conn| services::find(conn, *id, &access)).await
}

/// List the status changes of an order
///
/// Returns the history of an order, oldest entry first. Notes and the identity of the actor are included only for staff
/// members with `orders.view_notes`. Returns 404 `not_found` if the order does not exist or is not accessible.
#[endpoint(tag = "orders", returns(200 = Vec<OrderHistoryView>))]
#[get("/{id}/history/")]
pub async fn get_history(
    app: Data<App>,
    access: OrderAccess,
    viewer: OptionalPrincipal,
    request: ReadRequest,
    id: Path<OrderId>,
) -> Result<ApiResponse, Problem> {
    let can_view_notes = viewer.0.is_some_and(|principal| principal.has_permission(ViewOrderNotes::PERMISSION));
    let list = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let order = services::find(conn, *id, &access)?;
        let history = OrderHistoryEntry::list_of_order(conn, order.id)?;
        Ok(history.into_iter().map(|entry| OrderHistoryView::new(entry, access.is_staff() && can_view_notes)).collect())
    };
    request.all(&app, list).await
}

/// Confirm an order
///
/// Changes a pending order to `confirmed` and notifies the customer and the administrators. Returns 404 `not_found` if
/// the order does not exist and 409 `invalid_transition` if the order is not pending.
#[endpoint(tag = "orders", returns(200 = OrderView))]
#[post("/{id}/confirm/")]
pub async fn confirm_order(
    app: Data<App>,
    staff: Allowed<ConfirmOrders>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<ApiResponse, Problem> {
    let note = body.0.into_note();
    let confirm = move |conn: &mut PgConnection, transition: OrderTransition<'_>| {
        let order = services::lock(conn, transition.order, transition.access)?;
        services::confirm(conn, &order, &note, transition.context)
    };
    transition_order(&app, request, *id, OrderAccess::for_staff(&staff), confirm).await
}
