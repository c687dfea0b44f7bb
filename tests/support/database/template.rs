//! Template database: the first test process migrates it once for each version of the migrations.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::MigrationSource;
use diesel::pg::{Pg, PgConnection};
use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use mercer::platform::db::{MIGRATIONS, migrate};
use sha2::{Digest, Sha256};

use super::TEST_PREFIX;
use super::server::{Server, drop_statements};

const PREFIX: &str = "mercer_template_";

/// First number of the advisory locks; the second number is the hash of a name.
const LOCK_CLASS: i32 = 0x4d52;

/// Locks the name of the run, drops leftover databases, and returns the name of the template.
///
/// One lock covers all steps, so that processes that start together create the template only once.
pub fn prepare(server: &Server, claim: &mut PgConnection, run: &str) -> Result<String> {
    let template = format!("{PREFIX}{}", hash_of_migrations()?);
    lock(claim, "pg_advisory_lock", PREFIX)?;
    lock(claim, "pg_advisory_lock", run)?;
    lock(claim, "pg_advisory_lock_shared", &template)?;

    let databases = databases(claim)?;
    for database in databases.iter().filter(|name| **name != template) {
        drop_leftover(claim, database)?;
    }
    if !databases.contains(&template) {
        build(server, claim, &template)?;
    }

    lock(claim, "pg_advisory_unlock", PREFIX)?;
    Ok(template)
}

/// Creates the template under a temporary name, so that the next run drops an incomplete one.
fn build(server: &Server, claim: &mut PgConnection, template: &str) -> Result<()> {
    let draft = format!("{template}_draft");
    claim.batch_execute(&format!("create database {draft} template template0"))?;
    migrate(&server.url_of(&draft)).context("the migrations failed")?;
    // A template with connections cannot be cloned, so connections are not allowed.
    claim.batch_execute(&format!(
        "alter database {draft} rename to {template}; alter database {template} with allow_connections false"
    ))?;
    Ok(())
}

/// Returns a hash of the embedded migrations and the contents of their files.
fn hash_of_migrations() -> Result<String> {
    let migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(|error| anyhow!(error))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut hash = Sha256::new();
    for migration in migrations {
        let name = migration.name().to_string();
        let up = folder.join(&name).join("up.sql");
        hash.update(fs::read(&up).with_context(|| up.display().to_string())?);
        hash.update(name);
    }
    let text = hex::encode(hash.finalize());
    Ok(text.chars().take(16).collect())
}

#[derive(QueryableByName)]
struct Database {
    #[diesel(sql_type = Text)]
    datname: String,
}

fn databases(conn: &mut PgConnection) -> Result<Vec<String>> {
    let found =
        sql_query("select datname::text from pg_database where starts_with(datname, $1) or starts_with(datname, $2)")
            .bind::<Text, _>(PREFIX)
            .bind::<Text, _>(TEST_PREFIX)
            .load::<Database>(conn)?;
    Ok(found.into_iter().map(|database| database.datname).collect())
}

/// Drops a database unless another process holds its lock.
fn drop_leftover(conn: &mut PgConnection, database: &str) -> Result<()> {
    let claimed_as = match database.rsplit_once('_') {
        Some((run, _)) if database.starts_with(TEST_PREFIX) => run,
        _ => database,
    };
    if lock(conn, "pg_try_advisory_lock", claimed_as)? {
        for statement in drop_statements(database) {
            conn.batch_execute(&statement)?;
        }
        lock(conn, "pg_advisory_unlock", claimed_as)?;
    }
    Ok(())
}

/// Calls an advisory lock function of PostgreSQL for a name. Returns false only if a `try` function fails.
fn lock(conn: &mut PgConnection, function: &str, name: &str) -> Result<bool> {
    // The other functions return void, which is not null.
    let call = format!("select coalesce({function}({LOCK_CLASS}, hashtext('{name}'))::text <> 'false', true)");
    Ok(sql::<Bool>(&call).get_result(conn)?)
}
