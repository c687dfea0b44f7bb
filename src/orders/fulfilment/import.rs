//! Fulfilments of historical orders: everything was delivered at once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::orders::lifecycle::import::WrittenOrder;
use crate::platform::types::{OrderId, OrderLineId, new_uuid};
use crate::schema::{fulfillment_lines, fulfillments};

#[derive(Insertable)]
#[diesel(table_name = fulfillments, treat_none_as_default_value = false)]
struct FulfillmentRow {
    id: Uuid,
    order_id: OrderId,
    position: i32,
    status: &'static str,
    tracking_number: &'static str,
    carrier: &'static str,
    shipped_at: DateTime<Utc>,
    delivered_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = fulfillment_lines, treat_none_as_default_value = false)]
struct FulfillmentLineRow {
    fulfillment_id: Uuid,
    order_line_id: OrderLineId,
    quantity: i32,
}

/// Says that these orders were delivered whole. The day is the order's own: no later one is known.
///
/// The orders have just been made in this transaction, so that nothing of them is fulfilled yet;
/// no stock is touched, because the goods left another shop's shelves.
pub fn insert_delivered(conn: &mut PgConnection, orders: &[WrittenOrder], at: DateTime<Utc>) -> QueryResult<()> {
    let mut fulfillments = Vec::with_capacity(orders.len());
    let mut lines = Vec::new();
    for order in orders {
        let id = new_uuid();
        fulfillments.push(FulfillmentRow {
            id,
            order_id: order.id,
            position: 0,
            status: "delivered",
            tracking_number: "",
            carrier: "",
            shipped_at: order.placed_at,
            delivered_at: order.placed_at,
            created_at: at,
            updated_at: at,
        });
        lines.extend(order.lines.iter().map(|&(order_line_id, quantity)| FulfillmentLineRow {
            fulfillment_id: id,
            order_line_id,
            quantity: quantity.get(),
        }));
    }
    diesel::copy_from(fulfillments::table).from_insertable(&fulfillments).execute(conn)?;
    diesel::copy_from(fulfillment_lines::table).from_insertable(&lines).execute(conn)?;
    Ok(())
}
