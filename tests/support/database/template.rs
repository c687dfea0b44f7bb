//! The template: migrated once for each state of the migrations, by whoever comes first.

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

/// The first number of our advisory locks; the second is the hash of a name.
const LOCK_CLASS: i32 = 0x4d52;

/// Claims the run's name, tidies up after the dead, and answers with the template's name.
///
/// All this under one lock, so that processes that start together build the template once.
pub fn prepare(server: &Server, claim: &mut PgConnection, run: &str) -> Result<String> {
    let template = format!("{PREFIX}{}", hash_of_migrations()?);
    lock(claim, "pg_advisory_lock", PREFIX)?;
    lock(claim, "pg_advisory_lock", run)?;
    lock(claim, "pg_advisory_lock_shared", &template)?;

    let databases = databases(claim)?;
    for database in databases.iter().filter(|name| **name != template) {
        drop_if_left_over(claim, database)?;
    }
    if !databases.contains(&template) {
        build(server, claim, &template)?;
    }

    lock(claim, "pg_advisory_unlock", PREFIX)?;
    Ok(template)
}

/// It gets its name when it is finished; before, the next run takes it for a leftover.
fn build(server: &Server, claim: &mut PgConnection, template: &str) -> Result<()> {
    let draft = format!("{template}_draft");
    claim.batch_execute(&format!("create database {draft} template template0"))?;
    migrate(&server.url_of(&draft)).context("the migrations fail")?;
    // Nobody may connect: a template in use cannot be cloned.
    claim.batch_execute(&format!(
        "alter database {draft} rename to {template}; alter database {template} with allow_connections false"
    ))?;
    Ok(())
}

/// Of the migrations that are compiled in, and of what their files say.
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

fn drop_if_left_over(conn: &mut PgConnection, database: &str) -> Result<()> {
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

/// Calls one of PostgreSQL's functions of advisory locks for a name; false only where a try fails.
fn lock(conn: &mut PgConnection, function: &str, name: &str) -> Result<bool> {
    // The others answer with nothing, which is not null.
    let call = format!("select coalesce({function}({LOCK_CLASS}, hashtext('{name}'))::text <> 'false', true)");
    Ok(sql::<Bool>(&call).get_result(conn)?)
}
