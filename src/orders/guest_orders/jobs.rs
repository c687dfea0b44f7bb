//! Background job of guest orders.

use serde::{Deserialize, Serialize};

use super::services::link_guest_orders;
use crate::platform::app::App;
use crate::platform::jobs::Job;
use crate::platform::types::CustomerId;

/// Job that links the orders that a customer placed as a guest, after the customer has verified the e-mail address.
#[derive(Debug, Serialize, Deserialize)]
pub struct LinkGuestOrders {
    pub customer: CustomerId,
}

impl Job for LinkGuestOrders {
    const NAME: &'static str = "orders.adopt_guest_orders";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (customer, context) = (self.customer, app.system_context());
        app.db.write(move |conn| link_guest_orders(conn, customer, &context)).await?;
        Ok(())
    }
}
