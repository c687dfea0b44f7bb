//! Background job that expires orders.

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::services::{expire, list_overdue};
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Job that expires pending orders that were not paid within their channel's time limit.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireUnpaidOrders {}

impl Job for ExpireUnpaidOrders {
    const NAME: &'static str = "orders.expire_unpaid";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let context = app.system_context();
        let at = context.at;
        for id in app.db.read(move |conn| list_overdue(conn, at)).await? {
            let context = context.clone();
            // A failure of one order must not prevent the expiry of the others.
            if let Err(problem) = app.db.write(move |conn| expire(conn, id, &context)).await {
                warn!(order.id = %id, "Failed to expire order {id}: {problem}");
            }
        }
        Ok(())
    }
}
