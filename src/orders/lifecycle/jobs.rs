//! What happens to orders in the background.

use chrono::TimeDelta;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::announcing::{Letterhead, announce};
use super::errors::OrderError;
use super::events::OrderEvent;
use super::models::Order;
use super::personal_data::OrderData;
use super::services::{adopt_guest_orders, expire};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::error::Problem;
use crate::platform::jobs::Job;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::{CustomerId, EventId, OrderId};
use crate::products::channels::Channel;

/// Tells customer and administrators what happened to an order.
#[derive(Debug, Serialize, Deserialize)]
pub struct AnnounceOrder {
    pub event: EventId,
    pub topic: String,
    pub order: OrderId,
}

impl AnnounceOrder {
    pub fn of(event: &OrderEvent) -> Self {
        Self { event: event.id, topic: event.topic.as_str().to_owned(), order: event.order }
    }
}

impl Job for AnnounceOrder {
    const NAME: &'static str = "orders.announce";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let topic = self.topic.parse().map_err(|()| anyhow::anyhow!("unknown topic {:?}", self.topic))?;
        let event = OrderEvent { id: self.event, topic, order: self.order };
        let (letterhead, now) = (Letterhead::from(app.config.as_ref()), app.clock.now());
        let work =
            move |conn: &mut PgConnection| announce(conn, &event, &letterhead, now).map_err(Problem::from_anyhow);
        app.db.write(work).await?;
        Ok(())
    }
}

/// Gives a customer the orders that they placed as a guest with the address that is now known to be theirs.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdoptGuestOrders {
    pub customer: CustomerId,
}

impl Job for AdoptGuestOrders {
    const NAME: &'static str = "orders.adopt_guest_orders";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (customer, origin) = (self.customer, Origin::system(app.clock.now()));
        app.db.write(move |conn| adopt_guest_orders(conn, customer, &origin)).await?;
        Ok(())
    }
}

/// Takes somebody who was forgotten off orders that they placed in that very moment.
#[derive(Debug, Serialize, Deserialize)]
pub struct EraseOrderData {
    pub customer: CustomerId,
}

impl Job for EraseOrderData {
    const NAME: &'static str = "orders.erase_person";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (customer, origin) = (self.customer, Origin::system(app.clock.now()));
        app.db.write(move |conn| OrderData.erase(conn, customer, &origin)).await?;
        Ok(())
    }
}

/// Gives up pending orders that nobody paid within their channel's limit.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireUnpaidOrders {}

/// One run looks at this many of a channel; the next run takes the rest.
const BATCH: i64 = 500;

impl Job for ExpireUnpaidOrders {
    const NAME: &'static str = "orders.expire_unpaid";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let origin = Origin::system(app.clock.now());
        let at = origin.at;
        let late = app.db.read(move |conn| {
            let mut late = Vec::new();
            for channel in Channel::list(conn)? {
                let Some(minutes) = channel.expires_after_minutes else {
                    continue;
                };
                let before = at - TimeDelta::minutes(i64::from(minutes));
                late.append(&mut Order::unpaid_since(conn, channel.id, before, BATCH)?);
            }
            Ok::<_, OrderError>(late)
        });
        for id in late.await? {
            let origin = origin.clone();
            // One order that resists must not keep the others waiting.
            if let Err(problem) = app.db.write(move |conn| expire(conn, id, &origin)).await {
                warn!(order.id = %id, "Order {id} could not expire: {problem}");
            }
        }
        Ok(())
    }
}
