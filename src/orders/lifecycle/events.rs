//! Events of orders.

use anyhow::{Context, bail};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::Order;
use super::status::OrderStatus;
use crate::orders::ids::OrderId;
use crate::platform::events::{NewEvent, StoredEvent, publish, publish_all};
use crate::platform::types::{EventId, text_enum};
use crate::platform::write_context::WriteContext;

const AGGREGATE: &str = "order";

text_enum! {
    /// Topic of an order event.
    pub enum OrderTopic {
        Created = "order.created",
        Confirmed = "order.confirmed",
        Processing = "order.processing",
        Shipped = "order.shipped",
        Delivered = "order.delivered",
        Cancelled = "order.cancelled",
        Expired = "order.expired",
        Returned = "order.returned",
    }
}

/// Event of an order.
#[derive(Debug, Clone, Copy)]
pub struct OrderEvent {
    pub id: EventId,
    pub topic: OrderTopic,
    pub order: OrderId,
}

impl OrderEvent {
    /// Parses an event of the outbox. Returns `None` if the event is not about an order.
    pub fn from_stored(stored: &StoredEvent) -> anyhow::Result<Option<Self>> {
        if stored.aggregate_type != AGGREGATE {
            return Ok(None);
        }
        let Ok(topic) = stored.topic.parse() else { bail!("unknown topic {:?}", stored.topic) };
        let order = stored.payload.get("id").cloned().context("the payload contains no order id")?;
        Ok(Some(Self { id: stored.id, topic, order: serde_json::from_value(order)? }))
    }
}

/// Publishes an event of an order that the caller has locked.
pub(super) fn publish_event(
    conn: &mut PgConnection,
    topic: OrderTopic,
    order: &Order,
    context: &WriteContext,
) -> QueryResult<()> {
    publish(conn, new_event(topic, order, order.status), context).map(|_| ())
}

/// Publishes the first events of a new order, each with the status that the order had at that point.
pub(super) fn publish_creation(
    conn: &mut PgConnection,
    order: &Order,
    events: &[(OrderTopic, OrderStatus)],
    context: &WriteContext,
) -> QueryResult<()> {
    let events = events.iter().map(|(topic, status)| new_event(*topic, order, *status));
    publish_all(conn, events.collect(), context)
}

fn new_event(topic: OrderTopic, order: &Order, status: OrderStatus) -> NewEvent<'static> {
    let payload = json!({
        "id": order.id,
        "number": order.number,
        "status": status,
        "customer": order.customer_id,
        "currency": order.currency,
        "total_gross": order.money(order.total_gross).to_decimal_string(),
    });
    NewEvent {
        topic: topic.as_str(),
        aggregate_type: AGGREGATE,
        aggregate_id: order.id.into(),
        channel: None,
        owner: order.customer_id,
        payload,
    }
}
