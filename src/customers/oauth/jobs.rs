//! What time brings to sign-ins that were begun.

use serde::{Deserialize, Serialize};

use super::models::{Attempt, SpentToken};
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Forgets people who did not come back, and tokens that are too old to be shown again.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeSignIns {}

impl Job for PurgeSignIns {
    const NAME: &'static str = "oauth.purge_sign_ins";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        app.db.write(move |conn| Attempt::delete_expired(conn, now)).await?;
        app.db.write(move |conn| SpentToken::delete_expired(conn, now)).await?;
        Ok(())
    }
}
