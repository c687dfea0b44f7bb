//! Background job that erases personal data in orders.

use serde::{Deserialize, Serialize};

use super::personal_data::OrderData;
use crate::platform::app::App;
use crate::platform::jobs::Job;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// Job that erases a customer's personal data from orders that were placed while the customer was being erased.
#[derive(Debug, Serialize, Deserialize)]
pub struct EraseOrderData {
    pub customer: CustomerId,
}

impl Job for EraseOrderData {
    const NAME: &'static str = "orders.erase_person";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (customer, context) = (self.customer, app.system_context());
        app.db.write(move |conn| OrderData.erase(conn, customer, &context)).await?;
        Ok(())
    }
}
