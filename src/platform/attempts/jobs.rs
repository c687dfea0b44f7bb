//! What time brings to attempts.

use serde::{Deserialize, Serialize};

use super::models::delete_unused;
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Few enough for one short transaction.
const BATCH: i64 = 5000;

/// Forgets attempts that no longer count.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeAttempts {}

impl Job for PurgeAttempts {
    const NAME: &'static str = "attempts.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        while app.db.write(move |conn| delete_unused(conn, now, BATCH)).await? > 0 {}
        Ok(())
    }
}
