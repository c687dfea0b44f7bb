//! Returns of whole orders.

use diesel::pg::PgConnection;

use super::models::{Return, ReturnId, ReturnLine};
use crate::orders::access::OrderAccess;
use crate::orders::ids::OrderId;
use crate::orders::lifecycle::{
    self, FulfillmentStatus, OrderError, OrderLine, OrderStatus, change_status, set_fulfillment_status,
};
use crate::platform::write_context::WriteContext;
use crate::products::stock;

/// Finds a return whose order the caller has access to.
pub(super) fn find(conn: &mut PgConnection, id: ReturnId, access: &OrderAccess) -> Result<Return, OrderError> {
    let found = Return::find(conn, id)?.ok_or(OrderError::NotFound)?;
    match found.order_id {
        Some(order) => {
            lifecycle::find(conn, order, access)?;
        }
        // A return without an order belongs to no channel, so it requires access to all channels.
        None if *access == OrderAccess::unrestricted() => {}
        None => return Err(OrderError::NotFound),
    }
    Ok(found)
}

/// Returns all lines of an order: creates a return, adds the goods to the stock and changes the order to `returned`.
pub fn return_order(
    conn: &mut PgConnection,
    id: OrderId,
    note: &str,
    context: &WriteContext,
) -> Result<Return, OrderError> {
    let order = lifecycle::lock(conn, id, &OrderAccess::unrestricted())?;
    let order = change_status(conn, &order, OrderStatus::Returned, note, context)?;
    let received = Return::insert_for_order(conn, &order, context.at)?;
    let lines = OrderLine::list_of_order(conn, id)?;
    let lines: Vec<ReturnLine> = lines.iter().map(|line| ReturnLine::from_order_line(line, received.id)).collect();
    ReturnLine::insert_all(conn, &lines)?;
    stock::restock_order(conn, id, context)?;
    set_fulfillment_status(conn, &order, FulfillmentStatus::Returned, context)?;
    Ok(received)
}
