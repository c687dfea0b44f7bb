//! Preparing, shipping and delivering whole orders.

use std::collections::HashMap;

use diesel::pg::PgConnection;

use super::models::{Fulfillment, Label, ParcelStatus, shipped_pieces};
use crate::orders::lifecycle::{
    self, FulfillmentStatus, Order, OrderAccess, OrderError, OrderLine, OrderStatus, move_on, set_fulfillment_status,
};
use crate::platform::audit::Origin;
use crate::platform::types::{OrderId, OrderLineId};
use crate::products::stock;

/// Begins to pack everything an order has.
pub fn process(conn: &mut PgConnection, id: OrderId, note: &str, origin: &Origin) -> Result<Order, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::everything())?;
    let order = move_on(conn, &order, OrderStatus::Processing, note, origin)?;
    let lines = OrderLine::of_order(conn, id)?;
    let quantities: Vec<_> = lines.iter().map(|line| (line.id, line.quantity)).collect();
    Fulfillment::prepare(conn, id, &quantities, origin.at)?;
    Ok(order)
}

/// Sends off what was packed: the goods leave the warehouse's books.
pub fn ship(
    conn: &mut PgConnection,
    id: OrderId,
    label: &Label,
    note: &str,
    origin: &Origin,
) -> Result<Order, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::everything())?;
    let order = move_on(conn, &order, OrderStatus::Shipped, note, origin)?;
    let mut quantities: HashMap<OrderLineId, i32> = HashMap::new();
    for parcel in Fulfillment::of_order(conn, id, ParcelStatus::Prepared)? {
        for line in parcel.lines(conn)? {
            *quantities.entry(line.order_line_id).or_default() += line.quantity;
        }
        parcel.ship(conn, label, origin.at)?;
    }
    stock::ship(conn, id, &quantities, origin)?;
    let status = status_of(conn, id)?;
    set_fulfillment_status(conn, &order, status, origin)
}

/// The customer has it.
pub fn deliver(conn: &mut PgConnection, id: OrderId, note: &str, origin: &Origin) -> Result<Order, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::everything())?;
    let order = move_on(conn, &order, OrderStatus::Delivered, note, origin)?;
    for parcel in Fulfillment::of_order(conn, id, ParcelStatus::Shipped)? {
        parcel.deliver(conn, origin.at)?;
    }
    Ok(order)
}

/// Gives an order up: what was packed for it is unpacked.
pub fn cancel(
    conn: &mut PgConnection,
    id: OrderId,
    access: &OrderAccess,
    note: &str,
    origin: &Origin,
) -> Result<Order, OrderError> {
    let order = lifecycle::cancel(conn, id, access, note, origin)?;
    for parcel in Fulfillment::of_order(conn, id, ParcelStatus::Prepared)? {
        parcel.cancel(conn, origin.at)?;
    }
    Ok(order)
}

/// What follows from the parcels.
fn status_of(conn: &mut PgConnection, id: OrderId) -> Result<FulfillmentStatus, OrderError> {
    let ordered: i64 = OrderLine::of_order(conn, id)?.iter().map(|line| i64::from(line.quantity)).sum();
    let shipped = shipped_pieces(conn, id)?;
    Ok(match shipped {
        0 => FulfillmentStatus::Unfulfilled,
        some if some < ordered => FulfillmentStatus::PartiallyFulfilled,
        _ => FulfillmentStatus::Fulfilled,
    })
}
