//! Exports in the making, and their end.

use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};

use super::models::{Export, ExportId};
use super::services;
use crate::customers::verification::Stationery;
use crate::platform::app::App;
use crate::platform::jobs::Job;

/// Collects what the shop knows of somebody.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeExport {
    pub export: ExportId,
}

impl Job for MakeExport {
    const NAME: &'static str = "privacy.make_export";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (id, now) = (self.export, app.clock.now());
        let found = app.db.read(move |conn| Export::find(conn, id)).await?;
        // Forgotten with the customer, or made before.
        let Some(export) = found.filter(|export| export.ready_at.is_none()) else { return Ok(()) };
        let (rooms, shop_name, asked) = (app.personal_data.clone(), app.config.shop_name.clone(), export.clone());
        let collect = move |conn: &mut PgConnection| services::collect(conn, &asked, (&shop_name, &rooms), now);
        let collected = app.db.read(collect).await?;
        let sealed = app.master_key.seal(&services::purpose(id), &serde_json::to_vec_pretty(&collected)?)?;
        let stationery = Stationery::from(app);
        app.db.write(move |conn| services::keep(conn, &export, &sealed, &stationery, now)).await?;
        Ok(())
    }
}

/// Forgets exports that nobody downloaded in time.
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
