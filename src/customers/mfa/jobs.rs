//! Job that purges data of second factors.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::customers::passkeys::purge_ceremonies;
use crate::customers::totp::purge_failures;
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Rows per transaction, which keeps each transaction short.
const BATCH: i64 = 5000;

/// Time for which failures are retained.
const FAILURE_RETENTION: TimeDelta = TimeDelta::days(1);

/// Deletes expired passkey challenges, and failures that are older than a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeFactors {}

impl Job for PurgeFactors {
    const NAME: &'static str = "mfa.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        while app.db.write(move |conn| purge_ceremonies(conn, now, BATCH)).await? > 0 {}
        let before = now - FAILURE_RETENTION;
        while app.db.write(move |conn| purge_failures(conn, before, BATCH)).await? > 0 {}
        Ok(())
    }
}
