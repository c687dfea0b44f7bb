//! Preparation, shipping, delivery and cancellation of whole orders.

use std::collections::HashMap;

use diesel::pg::PgConnection;

use super::models::{Fulfillment, FulfillmentLine, ParcelStatus, ShippingLabel, count_shipped_units};
use crate::orders::access::OrderAccess;
use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::lifecycle::{
    self, FulfillmentStatus, Order, OrderError, OrderLine, OrderStatus, change_status, set_fulfillment_status,
};
use crate::platform::write_context::WriteContext;
use crate::products::stock;

/// Starts to prepare an order: creates one parcel with all its lines.
pub fn process(conn: &mut PgConnection, id: OrderId, note: &str, context: &WriteContext) -> Result<Order, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::unrestricted())?;
    let order = change_status(conn, &order, OrderStatus::Processing, note, context)?;
    let lines = OrderLine::list_of_order(conn, id)?;
    let lines: Vec<FulfillmentLine> =
        lines.iter().map(|line| FulfillmentLine { order_line_id: line.id, quantity: line.quantity }).collect();
    Fulfillment::prepare(conn, id, &lines, context.at)?;
    Ok(order)
}

/// Ships the prepared parcels of an order and deducts their quantities from the stock.
pub fn ship(
    conn: &mut PgConnection,
    id: OrderId,
    label: &ShippingLabel,
    note: &str,
    context: &WriteContext,
) -> Result<Order, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::unrestricted())?;
    let order = change_status(conn, &order, OrderStatus::Shipped, note, context)?;
    let mut quantities: HashMap<OrderLineId, i32> = HashMap::new();
    for parcel in Fulfillment::list_of_order(conn, id, ParcelStatus::Prepared)? {
        for line in parcel.load_lines(conn)? {
            *quantities.entry(line.order_line_id).or_default() += line.quantity;
        }
        parcel.ship(conn, label, context.at)?;
    }
    stock::ship(conn, id, &quantities, context)?;
    let status = derive_status(conn, id)?;
    set_fulfillment_status(conn, &order, status, context)
}

/// Marks an order and its shipped parcels as delivered.
pub fn deliver(conn: &mut PgConnection, id: OrderId, note: &str, context: &WriteContext) -> Result<Order, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::unrestricted())?;
    let order = change_status(conn, &order, OrderStatus::Delivered, note, context)?;
    for parcel in Fulfillment::list_of_order(conn, id, ParcelStatus::Shipped)? {
        parcel.deliver(conn, context.at)?;
    }
    Ok(order)
}

/// Cancels an order and its prepared parcels.
pub fn cancel(
    conn: &mut PgConnection,
    id: OrderId,
    access: &OrderAccess,
    note: &str,
    context: &WriteContext,
) -> Result<Order, OrderError> {
    let order = lifecycle::cancel(conn, id, access, note, context)?;
    for parcel in Fulfillment::list_of_order(conn, id, ParcelStatus::Prepared)? {
        parcel.cancel(conn, context.at)?;
    }
    Ok(order)
}

/// Derives the fulfillment status of an order from its parcels.
fn derive_status(conn: &mut PgConnection, id: OrderId) -> Result<FulfillmentStatus, OrderError> {
    let ordered: i64 = OrderLine::list_of_order(conn, id)?.iter().map(|line| i64::from(line.quantity)).sum();
    let shipped = count_shipped_units(conn, id)?;
    Ok(match shipped {
        0 => FulfillmentStatus::Unfulfilled,
        some if some < ordered => FulfillmentStatus::PartiallyFulfilled,
        _ => FulfillmentStatus::Fulfilled,
    })
}
