//! Job that deletes expired sessions.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::models::{Session, SignInChallenge};
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Time for which an expired session is retained.
const RETENTION: TimeDelta = TimeDelta::days(30);

/// Rows per transaction, which keeps each transaction short.
const BATCH: i64 = 5000;

/// Deletes sessions 30 days after they expired, and expired sign-in challenges.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeSessions {}

impl Job for PurgeSessions {
    const NAME: &'static str = "auth.purge_sessions";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let before = now - RETENTION;
        while app.db.write(move |conn| Session::delete_expired(conn, before, BATCH)).await? > 0 {}
        while app.db.write(move |conn| SignInChallenge::delete_expired(conn, now, BATCH)).await? > 0 {}
        Ok(())
    }
}
