//! Migrations of the schema, compiled into the binary.

use anyhow::{Context, Result, anyhow};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Advisory lock that serializes the migrations of processes that start at the same time.
const MIGRATION_LOCK: i64 = 0x4d45_5243_4552;

/// Applies the pending migrations and returns their names.
pub fn migrate(url: &str) -> Result<Vec<String>> {
    with_lock(url, |conn| {
        let applied = conn.run_pending_migrations(MIGRATIONS).map_err(|error| anyhow!(error))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

/// Returns the names of the migrations that the database does not have yet.
pub fn pending_migrations(conn: &mut PgConnection) -> Result<Vec<String>> {
    let pending = MigrationHarness::<diesel::pg::Pg>::pending_migrations(conn, MIGRATIONS);
    Ok(pending.map_err(|error| anyhow!(error))?.iter().map(|migration| migration.name().to_string()).collect())
}

/// Reverts all migrations, newest first. Tests use it to rehearse the `down.sql` files.
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
    // Closing the connection would release the lock as well, but only later.
    conn.batch_execute(&format!("select pg_advisory_unlock({MIGRATION_LOCK})"))?;
    result
}
