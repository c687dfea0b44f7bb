//! Events of all domains.

use anyhow::bail;

use crate::customers::accounts::CustomerEvent;
use crate::orders::lifecycle::OrderEvent;
use crate::platform::events::StoredEvent;
use crate::products::catalogue::ProductEvent;

/// Event of any domain.
#[derive(Debug, Clone, Copy)]
pub enum DomainEvent {
    Customers(CustomerEvent),
    Orders(OrderEvent),
    Products(ProductEvent),
}

impl DomainEvent {
    /// Parses an event of the outbox. Fails for an unknown aggregate type or topic: the event waits for a version of
    /// Mercer that knows it.
    pub fn from_stored(stored: &StoredEvent) -> anyhow::Result<Self> {
        if let Some(event) = OrderEvent::from_stored(stored)? {
            return Ok(Self::Orders(event));
        }
        if let Some(event) = CustomerEvent::from_stored(stored)? {
            return Ok(Self::Customers(event));
        }
        if let Some(event) = ProductEvent::from_stored(stored)? {
            return Ok(Self::Products(event));
        }
        bail!("unknown aggregate type {:?}", stored.aggregate_type)
    }
}
