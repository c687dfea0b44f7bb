//! Background job of notifications.

use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::services::{NotificationSettings, queue_notifications};
use crate::orders::ids::OrderId;
use crate::orders::lifecycle::OrderEvent;
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::jobs::Job;
use crate::platform::types::EventId;

/// Job that sends the messages about an order event to the customer and the administrators.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendOrderNotifications {
    pub event: EventId,
    pub topic: String,
    pub order: OrderId,
}

impl SendOrderNotifications {
    pub fn for_event(event: &OrderEvent) -> Self {
        Self { event: event.id, topic: event.topic.as_str().to_owned(), order: event.order }
    }
}

impl Job for SendOrderNotifications {
    const NAME: &'static str = "orders.announce";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let topic = self.topic.parse().map_err(|()| anyhow::anyhow!("unknown topic {:?}", self.topic))?;
        let event = OrderEvent { id: self.event, topic, order: self.order };
        let (settings, now) = (NotificationSettings::from(app.config.as_ref()), app.clock.now());
        let queue = move |conn: &mut PgConnection| {
            queue_notifications(conn, &event, &settings, now).map_err(Problem::from_anyhow)
        };
        app.db.write(queue).await?;
        Ok(())
    }
}
