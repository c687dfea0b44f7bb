//! Creation of orders and changes of their status.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;
use uuid::Uuid;

use super::events::{OrderTopic, publish_creation, publish_event};
use super::models::{NewOrder, Order, OrderHistoryEntry, OrderLine, StatusChange, insert_lines_and_history};
use super::status::{FulfillmentStatus, OrderStatus};
use crate::orders::access::OrderAccess;
use crate::orders::ids::OrderId;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::error::{ApiError, Kind};
use crate::platform::types::Actor;
use crate::platform::write_context::{Stale, WriteContext};
use crate::products::stock::{self, StockError};

/// Errors of operations on orders.
#[derive(Debug, thiserror::Error, ApiError)]
pub enum OrderError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("An order that is {from} cannot become {to}.")]
    #[kind(with = invalid_transition)]
    InvalidTransition { from: OrderStatus, to: OrderStatus },
    #[error("This order can no longer be cancelled; contact the shop.")]
    #[kind(with = not_cancellable)]
    NotCancellableByCustomer { status: OrderStatus },
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn invalid_transition(from: &OrderStatus, _: &OrderStatus) -> Kind {
    Kind::conflict("invalid_transition").with("status", json!(from)).with("next", json!(from.next()))
}

fn not_cancellable(status: &OrderStatus) -> Kind {
    Kind::conflict("invalid_transition").with("status", json!(status)).with("next", json!([]))
}

/// Inserts a new order with its lines and first history, and publishes its events. Runs in the caller's transaction.
///
/// An order that is confirmed at once also gets a history entry and an event for the status `pending`.
pub fn create(
    conn: &mut PgConnection,
    new: &NewOrder,
    lines: &[OrderLine],
    context: &WriteContext,
) -> Result<Order, OrderError> {
    let order = Order::insert(conn, new)?;
    let first = |to| StatusChange { from: None, to };
    let (changes, events) = match order.status {
        OrderStatus::Confirmed => (
            vec![
                first(OrderStatus::Pending),
                StatusChange { from: Some(OrderStatus::Pending), to: OrderStatus::Confirmed },
            ],
            vec![(OrderTopic::Created, OrderStatus::Pending), (OrderTopic::Confirmed, OrderStatus::Confirmed)],
        ),
        status => (vec![first(status)], vec![(OrderTopic::Created, status)]),
    };
    insert_lines_and_history(conn, order.id, lines, &changes, context)?;
    publish_creation(conn, &order, &events, context)?;
    Ok(order)
}

/// Returns an order if it exists and the caller has access to it.
pub fn find(conn: &mut PgConnection, id: OrderId, access: &OrderAccess) -> Result<Order, OrderError> {
    Order::find(conn, id)?.filter(|order| order.is_accessible(access)).ok_or(OrderError::NotFound)
}

/// Returns an order, locked, if it exists and the caller has access to it.
pub fn lock(conn: &mut PgConnection, id: OrderId, access: &OrderAccess) -> Result<Order, OrderError> {
    Order::lock(conn, id)?.filter(|order| order.is_accessible(access)).ok_or(OrderError::NotFound)
}

/// Rejects a change of an order whose version does not match `If-Match`.
///
/// Checks the access first, so that a caller without access cannot learn that the order exists.
pub fn ensure_version(
    conn: &mut PgConnection,
    id: OrderId,
    access: &OrderAccess,
    context: &WriteContext,
) -> Result<(), OrderError> {
    // Without an expected version and with access to all orders, the following step locks and finds the order itself.
    if context.expected.is_any() && *access == OrderAccess::unrestricted() {
        return Ok(());
    }
    let order = lock(conn, id, access)?;
    Ok(context.expected.ensure(order.version)?)
}

/// Changes the status of a locked order: checks the transition, writes the history and publishes the event.
///
/// No other function changes the status of an existing order.
pub fn change_status(
    conn: &mut PgConnection,
    order: &Order,
    to: OrderStatus,
    note: &str,
    context: &WriteContext,
) -> Result<Order, OrderError> {
    let from = order.status;
    if !from.can_become(to) {
        return Err(OrderError::InvalidTransition { from, to });
    }
    let changed = order.set_status(conn, to, context.at)?;
    OrderHistoryEntry::append(conn, order.id, StatusChange { from: Some(from), to }, note, context)?;
    audit_status_change(conn, order, to, note, context)?;
    if let Some(topic) = topic_for(to) {
        publish_event(conn, topic, &changed, context)?;
    }
    Ok(changed)
}

/// Records a status change in the audit log if the actor is a user or an app. The order's history covers guests and the
/// system.
fn audit_status_change(
    conn: &mut PgConnection,
    order: &Order,
    to: OrderStatus,
    note: &str,
    context: &WriteContext,
) -> QueryResult<()> {
    if matches!(context.actor, Actor::Guest | Actor::System) {
        return Ok(());
    }
    let mut changes = Changes::between(&json!({"status": order.status}), &json!({"status": to}));
    if !note.is_empty() {
        changes = changes.join(mark_buyer_data(order, Changes::created(&json!({"note": note})), &["note"], context));
    }
    audit::record(conn, context, &format!("order.{}", to.as_str()), AuditObject::new("order", order.id), changes)
}

/// Returns the topic of the event that announces this status.
const fn topic_for(status: OrderStatus) -> Option<OrderTopic> {
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

/// Confirms a locked order.
pub fn confirm(
    conn: &mut PgConnection,
    order: &Order,
    note: &str,
    context: &WriteContext,
) -> Result<Order, OrderError> {
    change_status(conn, order, OrderStatus::Confirmed, note, context)
}

/// Cancels an order and releases its stock.
///
/// Customers can cancel until the order is being prepared, staff members until it has shipped.
pub fn cancel(
    conn: &mut PgConnection,
    id: OrderId,
    access: &OrderAccess,
    note: &str,
    context: &WriteContext,
) -> Result<Order, OrderError> {
    let order = lock(conn, id, access)?;
    if !access.is_staff() && !order.status.is_cancellable_by_customer() {
        return Err(OrderError::NotCancellableByCustomer { status: order.status });
    }
    let cancelled = change_status(conn, &order, OrderStatus::Cancelled, note, context)?;
    stock::release(conn, id, context)?;
    Ok(cancelled)
}

/// Marks audit fields as personal data of the buyer, so that erasure of the buyer removes them from the audit log.
pub fn mark_buyer_data(order: &Order, changes: Changes, fields: &[&str], context: &WriteContext) -> Changes {
    let by_email = || order.email.as_ref().map(|email| audit::person_id_for_email(&context.key, email.as_str()));
    match order.customer_id.map(Uuid::from).or_else(by_email) {
        Some(person) => changes.mark_personal(person, fields),
        None => changes,
    }
}

/// Sets the fulfillment status. Called by `fulfillment` and `returns`, whose rows determine it.
pub fn set_fulfillment_status(
    conn: &mut PgConnection,
    order: &Order,
    status: FulfillmentStatus,
    context: &WriteContext,
) -> Result<Order, OrderError> {
    Ok(order.set_fulfillment_status(conn, status, context.at)?)
}
