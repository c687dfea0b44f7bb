//! Import of the fulfillments of historical orders, one delivered fulfillment per order.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::lifecycle::import::InsertedOrder;
use crate::platform::types::new_uuid;
use crate::schema::{fulfillment_lines, fulfillments};

#[derive(Insertable)]
#[diesel(table_name = fulfillments, treat_none_as_default_value = false)]
struct HistoricalFulfillmentRow {
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
struct HistoricalFulfillmentLineRow {
    fulfillment_id: Uuid,
    order_line_id: OrderLineId,
    quantity: i32,
}

/// Inserts one delivered fulfillment with all lines per order, dated on the day of the order.
///
/// The caller has inserted the orders in the same transaction, so they have no fulfillments yet. No stock moves,
/// because the goods left the stock of the previous shop.
pub fn insert_delivered(conn: &mut PgConnection, orders: &[InsertedOrder], at: DateTime<Utc>) -> QueryResult<()> {
    let mut fulfillments = Vec::with_capacity(orders.len());
    let mut lines = Vec::new();
    for order in orders {
        let id = new_uuid();
        fulfillments.push(HistoricalFulfillmentRow {
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
        lines.extend(order.lines.iter().map(|line| HistoricalFulfillmentLineRow {
            fulfillment_id: id,
            order_line_id: line.id,
            quantity: line.quantity.get(),
        }));
    }
    diesel::copy_from(fulfillments::table).from_insertable(&fulfillments).execute(conn)?;
    diesel::copy_from(fulfillment_lines::table).from_insertable(&lines).execute(conn)?;
    Ok(())
}
