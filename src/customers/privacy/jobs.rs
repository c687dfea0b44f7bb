//! Jobs that create exports and delete expired ones.

use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::exports;
use super::models::{Export, ExportId};
use crate::customers::verification::MailSettings;
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Collects the personal data of a customer and stores it as an encrypted export.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeExport {
    pub export: ExportId,
}

impl Job for MakeExport {
    const NAME: &'static str = "privacy.make_export";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (id, now) = (self.export, app.clock.now());
        let found = app.db.read(move |conn| Export::find(conn, id)).await?;
        // The export was deleted with the customer, or an earlier run completed it.
        let Some(export) = found.filter(|export| export.ready_at.is_none()) else { return Ok(()) };
        let (personal_data, shop_name) = (app.personal_data.clone(), app.config.shop_name.clone());
        let requested = export.clone();
        let collect =
            move |conn: &mut PgConnection| exports::collect(conn, &requested, &shop_name, &personal_data, now);
        let collected = app.db.read(collect).await?;
        let plain = serde_json::to_vec_pretty(&collected)?;
        let encrypted = app.master_key.encrypt(&exports::encryption_context(id), &plain)?;
        let settings = MailSettings::from(app);
        app.db.write(move |conn| exports::store(conn, &export, &encrypted, &settings, now)).await?;
        Ok(())
    }
}

/// Deletes expired exports.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeExports {}

impl Job for PurgeExports {
    const NAME: &'static str = "privacy.purge_exports";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        app.db.write(move |conn| Export::delete_expired(conn, now)).await?;
        Ok(())
    }
}
