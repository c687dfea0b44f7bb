//! The schema's steps, compiled in.

use anyhow::{Context, Result, anyhow};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Held while migrating, so that two processes that start together do not both try.
const MIGRATION_LOCK: i64 = 0x4d45_5243_4552;

/// Applies what is pending; tells the names of what it applied.
pub fn migrate(url: &str) -> Result<Vec<String>> {
    with_lock(url, |conn| {
        let applied = conn.run_pending_migrations(MIGRATIONS).map_err(|error| anyhow!(error))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

/// The names of migrations that the database has not seen.
pub fn pending_migrations(conn: &mut PgConnection) -> Result<Vec<String>> {
    let pending = MigrationHarness::<diesel::pg::Pg>::pending_migrations(conn, MIGRATIONS);
    Ok(pending.map_err(|error| anyhow!(error))?.iter().map(|migration| migration.name().to_string()).collect())
}

/// Takes every migration back, the newest first: for rehearsals.
pub fn revert_all(url: &str) -> Result<()> {
    with_lock(url, |conn| {
        conn.revert_all_migrations(MIGRATIONS).map_err(|error| anyhow!(error))?;
        Ok(())
    })
}

fn with_lock<T>(url: &str, work: impl FnOnce(&mut PgConnection) -> Result<T>) -> Result<T> {
    let mut conn = PgConnection::establish(url).context("cannot reach the database to migrate it")?;
    conn.batch_execute(&format!("select pg_advisory_lock({MIGRATION_LOCK}); set lock_timeout = '10s'"))?;
    let result = work(&mut conn);
    // Closing the connection releases the lock as well; this is for the order of things.
    conn.batch_execute(&format!("select pg_advisory_unlock({MIGRATION_LOCK})"))?;
    result
}
