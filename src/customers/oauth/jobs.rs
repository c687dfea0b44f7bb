//! Periodic deletion of expired sign-in attempts.

use serde::{Deserialize, Serialize};

use super::models::{OAuthAttempt, SpentToken};
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Deletes expired sign-in attempts and the digests of expired id_tokens.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeSignIns {}

impl Job for PurgeSignIns {
    const NAME: &'static str = "oauth.purge_sign_ins";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        app.db.write(move |conn| OAuthAttempt::delete_expired(conn, now)).await?;
        app.db.write(move |conn| SpentToken::delete_expired(conn, now)).await?;
        Ok(())
    }
}
