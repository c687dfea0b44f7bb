//! Background jobs of attempts.

use serde::{Deserialize, Serialize};

use super::models::delete_expired;
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Number of rows that one short transaction deletes.
const BATCH_SIZE: i64 = 5000;

/// Deletes counters that have no effect any longer.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeAttempts {}

impl Job for PurgeAttempts {
    const NAME: &'static str = "attempts.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        while app.db.write(move |conn| delete_expired(conn, now, BATCH_SIZE)).await? > 0 {}
        Ok(())
    }
}
