//! Finds overdue orders and expires them.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::orders::ids::OrderId;
use crate::orders::lifecycle::{Order, OrderError, OrderStatus, PaymentStatus, change_status};
use crate::platform::types::ChannelId;
use crate::platform::write_context::WriteContext;
use crate::products::channels::Channel;
use crate::products::stock;
use crate::schema::orders;

/// Maximum number of orders that one run expires per channel. The next run expires the rest.
const BATCH: i64 = 500;

/// Returns pending orders that were not paid within their channel's time limit.
pub(super) fn list_overdue(conn: &mut PgConnection, at: DateTime<Utc>) -> QueryResult<Vec<OrderId>> {
    let mut overdue = Vec::new();
    for channel in Channel::list(conn)? {
        if let Some(minutes) = channel.expires_after_minutes {
            let before = at - TimeDelta::minutes(i64::from(minutes));
            overdue.append(&mut list_unpaid(conn, channel.id, before)?);
        }
    }
    Ok(overdue)
}

/// Returns the unpaid pending orders of a channel that were placed before `before`, oldest first.
fn list_unpaid(conn: &mut PgConnection, channel: ChannelId, before: DateTime<Utc>) -> QueryResult<Vec<OrderId>> {
    orders::table
        .filter(orders::channel_id.eq(channel))
        .filter(orders::status.eq(OrderStatus::Pending))
        .filter(orders::payment_status.eq(PaymentStatus::Unpaid))
        .filter(orders::placed_at.lt(before))
        .order((orders::placed_at, orders::id))
        .limit(BATCH)
        .select(orders::id)
        .load(conn)
}

/// Expires an order if it is still pending and unpaid. Returns false otherwise.
pub fn expire(conn: &mut PgConnection, id: OrderId, context: &WriteContext) -> Result<bool, OrderError> {
    let is_overdue =
        |order: &Order| order.status == OrderStatus::Pending && order.payment_status == PaymentStatus::Unpaid;
    let Some(order) = Order::lock(conn, id)?.filter(is_overdue) else { return Ok(false) };
    change_status(conn, &order, OrderStatus::Expired, "unpaid past the channel's limit", context)?;
    stock::release(conn, id, context)?;
    Ok(true)
}
