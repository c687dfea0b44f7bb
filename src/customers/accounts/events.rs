//! What happens to customers, for all who want to know.

use anyhow::{Context, bail};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::Customer;
use crate::platform::audit::Origin;
use crate::platform::events::{NewEvent, StoredEvent, publish};
use crate::platform::types::{CustomerId, EventId, UserId, text_enum};

const AGGREGATE: &str = "customer";

text_enum! {
    /// What happened.
    pub enum CustomerTopic {
        Registered = "customer.registered",
        /// Somebody wanted to register with the address of an account.
        RegistrationRepeated = "customer.registration_repeated",
        Verified = "customer.verified",
        EmailChanged = "customer.email_changed",
        Deactivated = "customer.deactivated",
        Activated = "customer.activated",
        Erased = "customer.erased",
    }
}

/// Something that happened to a customer.
#[derive(Debug, Clone, Copy)]
pub struct CustomerEvent {
    pub id: EventId,
    pub topic: CustomerTopic,
    pub customer: CustomerId,
    pub user: Option<UserId>,
}

impl CustomerEvent {
    /// Reads it from the outbox; none where it is not about a customer.
    pub fn read(stored: &StoredEvent) -> anyhow::Result<Option<Self>> {
        if stored.aggregate_type != AGGREGATE {
            return Ok(None);
        }
        let Ok(topic) = stored.topic.parse() else { bail!("unknown topic {:?}", stored.topic) };
        let member = |name: &str| stored.payload.get(name).cloned().with_context(|| format!("no {name} is named"));
        let customer = serde_json::from_value(member("id")?)?;
        Ok(Some(Self { id: stored.id, topic, customer, user: serde_json::from_value(member("user")?)? }))
    }
}

/// Publishes what happened to a customer whom the caller holds locked, or has just made. Ids only: events are kept.
pub fn tell(conn: &mut PgConnection, topic: CustomerTopic, customer: &Customer, origin: &Origin) -> QueryResult<()> {
    let event = NewEvent {
        topic: topic.as_str(),
        aggregate_type: AGGREGATE,
        aggregate_id: customer.id.into(),
        channel: None,
        owner: Some(customer.id),
        payload: json!({"id": customer.id, "user": customer.user_id}),
    };
    publish(conn, event, origin).map(|_| ())
}
