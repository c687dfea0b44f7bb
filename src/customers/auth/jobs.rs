//! What time brings to sessions.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::models::Session;
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// How long an expired session is still remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Few enough for one short transaction.
const BATCH: i64 = 5000;

/// Forgets sessions that expired a month ago.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeSessions {}

impl Job for PurgeSessions {
    const NAME: &'static str = "auth.purge_sessions";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - REMEMBERED;
        while app.db.write(move |conn| Session::delete_expired(conn, before, BATCH)).await? > 0 {}
        Ok(())
    }
}
