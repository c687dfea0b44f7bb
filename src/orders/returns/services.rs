//! Taking goods back.

use diesel::pg::PgConnection;

use super::models::{Return, ReturnLine};
use crate::orders::lifecycle::{
    self, FulfillmentStatus, OrderAccess, OrderError, OrderLine, OrderStatus, move_on, set_fulfillment_status,
};
use crate::platform::audit::Origin;
use crate::platform::types::OrderId;
use crate::products::stock;

/// Takes back everything in an order: it is returned, and the goods are on their shelves again.
pub fn take_back(conn: &mut PgConnection, id: OrderId, note: &str, origin: &Origin) -> Result<(), OrderError> {
    receive(conn, id, note, origin).map(|_| ())
}

pub(super) fn receive(conn: &mut PgConnection, id: OrderId, note: &str, origin: &Origin) -> Result<Return, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::everything())?;
    let order = move_on(conn, &order, OrderStatus::Returned, note, origin)?;
    let received = Return::insert_of(conn, &order, origin.at)?;
    let lines = OrderLine::of_order(conn, id)?;
    let lines: Vec<ReturnLine> = lines.iter().map(|line| ReturnLine::of(line, received.id)).collect();
    ReturnLine::insert_all(conn, &lines)?;
    stock::take_back(conn, id, origin)?;
    set_fulfillment_status(conn, &order, FulfillmentStatus::Returned, origin)?;
    Ok(received)
}
