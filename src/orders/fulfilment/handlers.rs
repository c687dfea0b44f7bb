//! Fulfilment over HTTP: the simple way, a whole order at a time.

use actix_web::post;
use actix_web::web::{Data, Path};
use diesel::prelude::*;

use super::models::Label;
use super::services;
use crate::orders::lifecycle::{
    Move, OrderAccess, OrderControl, OrderToken, OrderView, TransitionBody, move_and_answer,
};
use crate::platform::api::{Answer, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, DeliverFulfillments, PrepareFulfillments, ShipFulfillments};
use crate::platform::error::Problem;
use crate::platform::http::{Body, body};
use crate::platform::types::{OrderId, Paragraph};

body! {
    /// How a parcel goes, and a note for the order's history.
    #[schema(as = ShipOrderRequest, example = json!({"tracking_number": "", "carrier": "", "note": ""}))]
    pub struct ShipBody {
        pub tracking_number: Option<Paragraph<100>>,
        pub carrier: Option<Paragraph<100>>,
        pub note: Option<Paragraph<1000>>,
    }
}

/// Begin to prepare a confirmed order.
#[utoipa::path(tag = "orders", params(OrderId, WriteRequest), security(("jwtAuth" = ["fulfillments.prepare"])),
    request_body = TransitionBody, responses((status = 200, body = OrderView)))]
#[post("/{id}/process/")]
pub async fn process_order(
    app: Data<App>,
    staff: Allowed<PrepareFulfillments>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let note = body.0.into_note();
    let process =
        move |conn: &mut PgConnection, step: Move<'_>| services::process(conn, step.order, &note, step.origin);
    move_and_answer(&app, request, (*id, OrderAccess::of_staff(&staff)), process).await
}

/// Ship all that was prepared.
///
/// Stock goes down, and the customer is told.
#[utoipa::path(tag = "orders", params(OrderId, WriteRequest), security(("jwtAuth" = ["fulfillments.ship"])),
    request_body = ShipBody, responses((status = 200, body = OrderView)))]
#[post("/{id}/ship/")]
pub async fn ship_order(
    app: Data<App>,
    staff: Allowed<ShipFulfillments>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<ShipBody>,
) -> Result<Answer, Problem> {
    let text = |text: Option<Paragraph<100>>| text.map(Paragraph::into_inner).unwrap_or_default();
    let label = Label { tracking_number: text(body.0.tracking_number), carrier: text(body.0.carrier) };
    let note = body.0.note.map(Paragraph::into_inner).unwrap_or_default();
    let ship =
        move |conn: &mut PgConnection, step: Move<'_>| services::ship(conn, step.order, &label, &note, step.origin);
    move_and_answer(&app, request, (*id, OrderAccess::of_staff(&staff)), ship).await
}

/// Note that a shipped order has arrived.
#[utoipa::path(tag = "orders", params(OrderId, WriteRequest), security(("jwtAuth" = ["fulfillments.deliver"])),
    request_body = TransitionBody, responses((status = 200, body = OrderView)))]
#[post("/{id}/deliver/")]
pub async fn deliver_order(
    app: Data<App>,
    staff: Allowed<DeliverFulfillments>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let note = body.0.into_note();
    let deliver =
        move |conn: &mut PgConnection, step: Move<'_>| services::deliver(conn, step.order, &note, step.origin);
    move_and_answer(&app, request, (*id, OrderAccess::of_staff(&staff)), deliver).await
}

/// Cancel an order and free its stock.
///
/// Customers may until it is being prepared, staff until it has shipped.
#[utoipa::path(tag = "orders", params(OrderId, OrderToken, WriteRequest), security((), ("jwtAuth" = [])),
    request_body = TransitionBody, responses((status = 200, body = OrderView)))]
#[post("/{id}/cancel/")]
pub async fn cancel_order(
    app: Data<App>,
    access: OrderControl,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let note = body.0.into_note();
    let cancel = move |conn: &mut PgConnection, step: Move<'_>| {
        services::cancel(conn, step.order, step.access, &note, step.origin)
    };
    move_and_answer(&app, request, (*id, access.0), cancel).await
}
