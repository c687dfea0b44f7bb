//! Job that rotates the signing keys.

use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::services;
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::jobs::Job;
use crate::platform::write_context::WriteContext;

/// Announces a new signing key when the current one has reached its age, and deletes expired keys.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotateSigningKeys {}

impl Job for RotateSigningKeys {
    const NAME: &'static str = "auth.rotate_signing_keys";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let context = WriteContext::system(app.clock.now(), &app.master_key);
        let (keys, days) = (app.keys.clone(), app.config.signing_key_days);
        let rotate = move |conn: &mut PgConnection| {
            services::rotate_keys_when_due(conn, &keys, days, &context).map_err(Problem::from_anyhow)
        };
        Ok(app.db.write(rotate).await?)
    }
}
