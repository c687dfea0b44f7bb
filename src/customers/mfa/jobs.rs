//! What time brings to second factors.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::models::{Ceremony, Failures};
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Few enough for one short transaction.
const BATCH: i64 = 5000;

/// Forgets challenges that no passkey answered, and wrong tries of yesterday.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeFactors {}

impl Job for PurgeFactors {
    const NAME: &'static str = "mfa.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        while app.db.write(move |conn| Ceremony::delete_expired(conn, now, BATCH)).await? > 0 {}
        let yesterday = now - TimeDelta::days(1);
        while app.db.write(move |conn| Failures::delete_old(conn, yesterday, BATCH)).await? > 0 {}
        Ok(())
    }
}
