//! What happens to orders, for all who want to know.

use anyhow::{Context, bail};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::Order;
use super::status::OrderStatus;
use crate::platform::audit::Origin;
use crate::platform::events::{NewEvent, StoredEvent, publish, publish_all};
use crate::platform::types::{EventId, OrderId, text_enum};

const AGGREGATE: &str = "order";

text_enum! {
    /// What happened.
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

/// Something that happened to an order.
#[derive(Debug, Clone, Copy)]
pub struct OrderEvent {
    pub id: EventId,
    pub topic: OrderTopic,
    pub order: OrderId,
}

impl OrderEvent {
    /// Reads it from the outbox; none where it is not about an order.
    pub fn read(stored: &StoredEvent) -> anyhow::Result<Option<Self>> {
        if stored.aggregate_type != AGGREGATE {
            return Ok(None);
        }
        let Ok(topic) = stored.topic.parse() else { bail!("unknown topic {:?}", stored.topic) };
        let order = stored.payload.get("id").cloned().context("the payload names no order")?;
        Ok(Some(Self { id: stored.id, topic, order: serde_json::from_value(order)? }))
    }
}

/// Publishes what happened to an order that the caller holds locked.
pub(super) fn tell(conn: &mut PgConnection, topic: OrderTopic, order: &Order, origin: &Origin) -> QueryResult<()> {
    publish(conn, event(topic, order, order.status), origin).map(|_| ())
}

/// Publishes the first things that happened to an order that the caller has just made: each with the status that it
/// had then.
pub(super) fn tell_beginning(
    conn: &mut PgConnection,
    order: &Order,
    beginning: &[(OrderTopic, OrderStatus)],
    origin: &Origin,
) -> QueryResult<()> {
    let events = beginning.iter().map(|(topic, status)| event(*topic, order, *status));
    publish_all(conn, events.collect(), origin)
}

fn event(topic: OrderTopic, order: &Order, status: OrderStatus) -> NewEvent<'static> {
    let payload = json!({
        "id": order.id,
        "number": order.number,
        "status": status,
        "customer": order.customer_id,
        "currency": order.currency,
        "total_gross": order.money(order.total_gross).shown(),
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
