//! Creating orders, and moving them on.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;
use uuid::Uuid;

use super::access::OrderAccess;
use super::beginning::insert_beginning;
use super::errors::OrderError;
use super::events::{OrderTopic, tell, tell_beginning};
use super::models::{HistoryEntry, NewOrder, Order, OrderLine};
use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::customers::accounts;
use crate::platform::api::Expected;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::types::{Actor, CustomerId, OrderId};
use crate::products::stock;

/// Writes a new order with its lines, its first history and the events. Runs in the caller's transaction.
///
/// An order that begins as confirmed was pending for a moment: its history and its events say so.
pub fn create(
    conn: &mut PgConnection,
    new: &NewOrder,
    lines: &[OrderLine],
    origin: &Origin,
) -> Result<Order, OrderError> {
    let order = Order::insert(conn, new)?;
    let (moves, told) = match order.status {
        OrderStatus::Confirmed => (
            vec![(None, OrderStatus::Pending), (Some(OrderStatus::Pending), OrderStatus::Confirmed)],
            vec![(OrderTopic::Created, OrderStatus::Pending), (OrderTopic::Confirmed, OrderStatus::Confirmed)],
        ),
        status => (vec![(None, status)], vec![(OrderTopic::Created, status)]),
    };
    insert_beginning(conn, order.id, lines, &moves, origin)?;
    tell_beginning(conn, &order, &told, origin)?;
    Ok(order)
}

/// An order that somebody may see.
pub fn find(conn: &mut PgConnection, id: OrderId, access: &OrderAccess) -> Result<Order, OrderError> {
    Order::find(conn, id)?.filter(|order| access.covers(order)).ok_or(OrderError::NotFound)
}

/// An order that somebody may see, locked.
pub fn lock(conn: &mut PgConnection, id: OrderId, access: &OrderAccess) -> Result<Order, OrderError> {
    Order::lock(conn, id)?.filter(|order| access.covers(order)).ok_or(OrderError::NotFound)
}

/// Refuses to change an order that is no longer as it was seen. Whoever may not see it learns nothing of it.
pub fn expect(
    conn: &mut PgConnection,
    id: OrderId,
    access: &OrderAccess,
    expected: &Expected,
) -> Result<(), OrderError> {
    // Whoever may see all orders, and expects none in particular, is told by what comes next that there is none.
    if expected.is_any() && *access == OrderAccess::everything() {
        return Ok(());
    }
    let order = lock(conn, id, access)?;
    Ok(expected.ensure(order.version)?)
}

/// The one gate: moves a locked order to `to` if the table has that move, writes the history, publishes the event.
pub fn move_on(
    conn: &mut PgConnection,
    order: &Order,
    to: OrderStatus,
    note: &str,
    origin: &Origin,
) -> Result<Order, OrderError> {
    let from = order.status;
    if !from.may_become(to) {
        return Err(OrderError::NoSuchMove { from, to });
    }
    let moved = order.set_status(conn, to, origin.at)?;
    HistoryEntry::append(conn, order.id, (Some(from), to), note, origin)?;
    audit_move(conn, order, to, note, origin)?;
    if let Some(topic) = topic_of(to) {
        tell(conn, topic, &moved, origin)?;
    }
    Ok(moved)
}

/// What somebody signed in did to an order stands in the audit log too; guests and the program have its history.
fn audit_move(conn: &mut PgConnection, order: &Order, to: OrderStatus, note: &str, origin: &Origin) -> QueryResult<()> {
    if matches!(origin.actor, Actor::Guest | Actor::System) {
        return Ok(());
    }
    let told = Changes::between(&json!({"status": order.status}), &json!({"status": to}));
    let told = if note.is_empty() {
        told
    } else {
        told.join(about_buyer(order, Changes::created(&json!({"note": note})), &["note"]))
    };
    audit::record(conn, origin, &format!("order.{}", to.as_str()), ("order", order.id.to_string()), told)
}

/// What is told when an order has become this.
const fn topic_of(status: OrderStatus) -> Option<OrderTopic> {
    match status {
        OrderStatus::Draft | OrderStatus::Pending => None,
        OrderStatus::Confirmed => Some(OrderTopic::Confirmed),
        OrderStatus::Processing => Some(OrderTopic::Processing),
        OrderStatus::Shipped => Some(OrderTopic::Shipped),
        OrderStatus::Delivered => Some(OrderTopic::Delivered),
        OrderStatus::Cancelled => Some(OrderTopic::Cancelled),
        OrderStatus::Expired => Some(OrderTopic::Expired),
        OrderStatus::Returned => Some(OrderTopic::Returned),
    }
}

pub fn confirm(conn: &mut PgConnection, order: &Order, note: &str, origin: &Origin) -> Result<Order, OrderError> {
    move_on(conn, order, OrderStatus::Confirmed, note, origin)
}

/// Gives an order up and frees what it held. Customers may until it is being prepared, staff until it has shipped.
pub fn cancel(
    conn: &mut PgConnection,
    id: OrderId,
    access: &OrderAccess,
    note: &str,
    origin: &Origin,
) -> Result<Order, OrderError> {
    let order = lock(conn, id, access)?;
    if !access.is_staff() && !order.status.is_cancellable_by_customer() {
        return Err(OrderError::TooLateToCancel { status: order.status });
    }
    let cancelled = move_on(conn, &order, OrderStatus::Cancelled, note, origin)?;
    stock::release(conn, id, origin)?;
    Ok(cancelled)
}

/// Gives up an order that nobody paid, if that is still so; false where it is not.
pub fn expire(conn: &mut PgConnection, id: OrderId, origin: &Origin) -> Result<bool, OrderError> {
    let is_late = |order: &Order| order.status == OrderStatus::Pending && order.payment_status == PaymentStatus::Unpaid;
    let Some(order) = Order::lock(conn, id)?.filter(is_late) else { return Ok(false) };
    move_on(conn, &order, OrderStatus::Expired, "unpaid past the channel's limit", origin)?;
    stock::release(conn, id, origin)?;
    Ok(true)
}

/// What is told of whoever ordered goes with them.
pub fn about_buyer(order: &Order, told: Changes, names: &[&str]) -> Changes {
    let by_email = || order.email.as_ref().map(|email| audit::person_by_email(email.as_str()));
    match order.customer_id.map(Uuid::from).or_else(by_email) {
        Some(person) => told.about(person, names),
        None => told,
    }
}

/// Gives a customer the orders that a guest placed with their address, once it is known to be theirs.
pub fn adopt_guest_orders(conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()> {
    let user = accounts::user_of(conn, customer)?;
    let user = user.map(|user| accounts::find_user(conn, user)).transpose()?.flatten();
    let Some(user) = user.filter(|user| user.is_verified()) else { return Ok(()) };
    let adopted = Order::adopt(conn, customer, &user.email, origin.at)?;
    if adopted.is_empty() {
        return Ok(());
    }
    let told = Changes::created(&json!({"orders": adopted}));
    audit::record(conn, origin, "customer.orders_adopted", ("customer", customer.to_string()), told)
}

/// Called by the room whose rows it follows from.
pub fn set_fulfillment_status(
    conn: &mut PgConnection,
    order: &Order,
    status: FulfillmentStatus,
    origin: &Origin,
) -> Result<Order, OrderError> {
    Ok(order.set_fulfillment_status(conn, status, origin.at)?)
}
