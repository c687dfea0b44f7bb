//! What happens to orders, for all who want to know.

use anyhow::{Context, bail};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::Order;
use crate::platform::audit::Origin;
use crate::platform::events::{NewEvent, StoredEvent, publish};
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
    let payload = json!({
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "customer": order.customer_id,
        "currency": order.currency,
        "total_gross": order.money(order.total_gross).shown(),
    });
    let event = NewEvent {
        topic: topic.as_str(),
        aggregate_type: AGGREGATE,
        aggregate_id: order.id.into(),
        channel: None,
        owner: order.customer_id,
        payload,
    };
    publish(conn, &event, origin).map(|_| ())
}
