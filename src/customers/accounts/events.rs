//! Events about customers.

use anyhow::{Context, bail};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::Customer;
use crate::platform::events::{self, NewEvent, StoredEvent};
use crate::platform::types::{CustomerId, EventId, UserId, text_enum};
use crate::platform::write_context::WriteContext;

const AGGREGATE: &str = "customer";

text_enum! {
    /// Topic of an event about a customer.
    pub enum CustomerTopic {
        /// A customer registered.
        Registered = "customer.registered",
        /// A registration request named the e-mail address of an existing account.
        RegistrationRepeated = "customer.registration_repeated",
        /// The customer proved that the e-mail address is theirs.
        Verified = "customer.verified",
        /// The customer has a new, verified e-mail address.
        EmailChanged = "customer.email_changed",
        /// The account was deactivated.
        Deactivated = "customer.deactivated",
        /// The account was activated again.
        Activated = "customer.activated",
        /// The personal data of the customer was erased.
        Erased = "customer.erased",
    }
}

/// Event about a customer, as read from the outbox.
#[derive(Debug, Clone, Copy)]
pub struct CustomerEvent {
    pub id: EventId,
    pub topic: CustomerTopic,
    pub customer: CustomerId,
    pub user: Option<UserId>,
}

impl CustomerEvent {
    /// Reads an event from the outbox. Returns None if the event is not about a customer.
    pub fn from_stored(stored: &StoredEvent) -> anyhow::Result<Option<Self>> {
        if stored.aggregate_type != AGGREGATE {
            return Ok(None);
        }
        let Ok(topic) = stored.topic.parse() else { bail!("unknown topic {:?}", stored.topic) };
        let member =
            |name: &str| stored.payload.get(name).cloned().with_context(|| format!("the payload has no {name:?}"));
        let customer = serde_json::from_value(member("id")?)?;
        Ok(Some(Self { id: stored.id, topic, customer, user: serde_json::from_value(member("user")?)? }))
    }
}

/// Publishes an event about a customer that the caller has locked or inserted.
///
/// The payload contains ids only, because events are stored without a time limit.
pub fn publish(
    conn: &mut PgConnection,
    topic: CustomerTopic,
    customer: &Customer,
    context: &WriteContext,
) -> QueryResult<()> {
    let event = NewEvent {
        topic: topic.as_str(),
        aggregate_type: AGGREGATE,
        aggregate_id: customer.id.into(),
        channel: None,
        owner: Some(customer.id),
        payload: json!({"id": customer.id, "user": customer.user_id}),
    };
    events::publish(conn, event, context).map(|_| ())
}
