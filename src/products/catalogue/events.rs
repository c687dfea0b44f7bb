//! Events of products.

use anyhow::{Context, bail};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::Product;
use crate::platform::events::{self, NewEvent, StoredEvent};
use crate::platform::types::{EventId, text_enum};
use crate::platform::write_context::WriteContext;
use crate::products::ids::ProductId;

const AGGREGATE: &str = "product";

text_enum! {
    /// Topic of a product event, and action of its audit entry.
    pub enum ProductTopic {
        /// The product was created.
        Created = "product.created",
        /// The product or one of its variants was changed.
        Updated = "product.updated",
        /// The product was archived.
        Archived = "product.archived",
    }
}

/// Event of a product.
#[derive(Debug, Clone, Copy)]
pub struct ProductEvent {
    pub id: EventId,
    pub topic: ProductTopic,
    pub product: ProductId,
}

impl ProductEvent {
    /// Parses an event of the outbox. Returns `None` if the event is not about a product.
    pub fn from_stored(stored: &StoredEvent) -> anyhow::Result<Option<Self>> {
        if stored.aggregate_type != AGGREGATE {
            return Ok(None);
        }
        let Ok(topic) = stored.topic.parse() else { bail!("unknown topic {:?}", stored.topic) };
        let product = stored.payload.get("id").cloned().context("the payload contains no product id")?;
        Ok(Some(Self { id: stored.id, topic, product: serde_json::from_value(product)? }))
    }
}

/// Publishes an event of a product.
pub(super) fn publish(
    conn: &mut PgConnection,
    topic: ProductTopic,
    product: &Product,
    context: &WriteContext,
) -> QueryResult<()> {
    let payload = json!({
        "id": product.id, "name": product.name, "slug": product.slug,
        "category": product.category_id, "is_active": product.is_active,
    });
    let event = NewEvent {
        topic: topic.as_str(),
        aggregate_type: AGGREGATE,
        aggregate_id: product.id.into(),
        channel: None,
        owner: None,
        payload,
    };
    events::publish(conn, event, context).map(|_| ())
}
