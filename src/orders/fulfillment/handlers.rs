//! HTTP handlers that prepare, ship, deliver and cancel whole orders.

use actix_web::post;
use actix_web::web::{Data, Path};
use diesel::prelude::*;

use super::models::ShippingLabel;
use super::services;
use crate::orders::access::{OrderAccess, OrderCancelAccess};
use crate::orders::ids::OrderId;
use crate::orders::lifecycle::{OrderTransition, OrderView, TransitionBody, transition_order};
use crate::orders::permissions::{DeliverFulfillments, PrepareFulfillments, ShipFulfillments};
use crate::platform::api::{ApiResponse, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::error::Problem;
use crate::platform::http::{Body, request_body};
use crate::platform::types::Text;

/// Shipping label of the parcel, and a note for the order's history.
#[request_body(ShipOrderRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"tracking_number": "", "carrier": "", "note": ""}))]
pub struct ShipBody {
    pub tracking_number: Option<Text<100>>,
    pub carrier: Option<Text<100>>,
    pub note: Option<Text<1000>>,
}

/// Prepare an order
///
/// Changes a confirmed order to `processing` and creates a parcel with all its lines. Returns 404 `not_found` if the
/// order does not exist and 409 `invalid_transition` if the order is not confirmed.
#[endpoint(tag = "orders", returns(200 = OrderView))]
#[post("/{id}/process/")]
pub async fn process_order(
    app: Data<App>,
    staff: Allowed<PrepareFulfillments>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<ApiResponse, Problem> {
    let note = body.0.into_note();
    let process = move |conn: &mut PgConnection, transition: OrderTransition<'_>| {
        services::process(conn, transition.order, &note, transition.context)
    };
    transition_order(&app, request, *id, OrderAccess::for_staff(&staff), process).await
}

/// Ship an order
///
/// Changes an order from `processing` to `shipped`, deducts its lines from the stock and notifies the customer. Returns
/// 404 `not_found` if the order does not exist and 409 `invalid_transition` if the order is not being prepared.
#[endpoint(tag = "orders", returns(200 = OrderView))]
#[post("/{id}/ship/")]
pub async fn ship_order(
    app: Data<App>,
    staff: Allowed<ShipFulfillments>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<ShipBody>,
) -> Result<ApiResponse, Problem> {
    let text = |text: Option<Text<100>>| text.map(Text::into_inner).unwrap_or_default();
    let label = ShippingLabel { tracking_number: text(body.0.tracking_number), carrier: text(body.0.carrier) };
    let note = body.0.note.map(Text::into_inner).unwrap_or_default();
    let ship = move |conn: &mut PgConnection, transition: OrderTransition<'_>| {
        services::ship(conn, transition.order, &label, &note, transition.context)
    };
    transition_order(&app, request, *id, OrderAccess::for_staff(&staff), ship).await
}

/// Mark an order as delivered
///
/// Changes a shipped order to `delivered`. Returns 404 `not_found` if the order does not exist and 409
/// `invalid_transition` if the order is not shipped.
#[endpoint(tag = "orders", returns(200 = OrderView))]
#[post("/{id}/deliver/")]
pub async fn deliver_order(
    app: Data<App>,
    staff: Allowed<DeliverFulfillments>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<ApiResponse, Problem> {
    let note = body.0.into_note();
    let deliver = move |conn: &mut PgConnection, transition: OrderTransition<'_>| {
        services::deliver(conn, transition.order, &note, transition.context)
    };
    transition_order(&app, request, *id, OrderAccess::for_staff(&staff), deliver).await
}

/// Cancel an order
///
/// Cancels the order, releases its stock and notifies the customer. Customers and guests can cancel their own orders
/// until the order is being prepared, staff members with `orders.cancel` until it is shipped. Returns 404 `not_found`
/// if the order does not exist or is not accessible, and 409 `invalid_transition` if it can no longer be cancelled.
#[endpoint(tag = "orders", returns(200 = OrderView))]
#[post("/{id}/cancel/")]
pub async fn cancel_order(
    app: Data<App>,
    access: OrderCancelAccess,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<ApiResponse, Problem> {
    let note = body.0.into_note();
    let cancel = move |conn: &mut PgConnection, transition: OrderTransition<'_>| {
        services::cancel(conn, transition.order, transition.access, &note, transition.context)
    };
    transition_order(&app, request, *id, access.0, cancel).await
}
