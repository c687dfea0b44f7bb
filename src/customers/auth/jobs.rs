//! What time brings to sessions.

use chrono::TimeDelta;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::challenges::Challenge;
use super::models::Session;
use super::services;
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::error::Problem;
use crate::platform::jobs::Job;

/// How long an expired session is still remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Few enough for one short transaction.
const BATCH: i64 = 5000;

/// Forgets sessions that expired a month ago, and sign-ins that nobody finished.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeSessions {}

impl Job for PurgeSessions {
    const NAME: &'static str = "auth.purge_sessions";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - REMEMBERED;
        while app.db.write(move |conn| Session::delete_expired(conn, before, BATCH)).await? > 0 {}
        let now = app.clock.now();
        while app.db.write(move |conn| Challenge::delete_expired(conn, now, BATCH)).await? > 0 {}
        Ok(())
    }
}

/// Replaces the signing key in its time, and removes those that are over.
#[derive(Debug, Serialize, Deserialize)]
pub struct TendKeys {}

impl Job for TendKeys {
    const NAME: &'static str = "auth.tend_keys";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (keys, days, origin) = (app.keys.clone(), app.config.signing_key_days, Origin::system(app.clock.now()));
        let tend = move |conn: &mut PgConnection| services::tend_keys(conn, &keys, days, &origin);
        Ok(app.db.write(move |conn| tend(conn).map_err(Problem::from_anyhow)).await?)
    }
}
