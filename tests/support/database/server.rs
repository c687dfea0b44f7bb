//! PostgreSQL server of the tests: URLs, cloning and dropping of databases.

use anyhow::{Context, Result};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::Integer;
use diesel::{Connection, RunQueryDsl};

use super::machine;
use super::private::PrivateServer;

/// First PostgreSQL version with the option `strategy` of `create database`.
const FIRST_VERSION_WITH_STRATEGY: i32 = 150_000;

pub struct Server {
    /// URL of a superuser for a database that belongs to no test.
    url: String,
    copies_files: bool,
    /// Share in the private server, which stops when no process uses it.
    _private: Option<PrivateServer>,
}

impl Server {
    pub fn find() -> Result<Self> {
        match machine::setting("TEST_DATABASE_URL") {
            Some(url) => Ok(Self { url, copies_files: false, _private: None }),
            None => {
                let private = PrivateServer::start_or_join()?;
                let mut server =
                    Self { url: private.url(), copies_files: private.is_in_memory, _private: Some(private) };
                server.copies_files &= server.version()? >= FIRST_VERSION_WITH_STRATEGY;
                Ok(server)
            }
        }
    }

    pub fn connect(&self) -> Result<PgConnection> {
        PgConnection::establish(&self.url).context("cannot reach the PostgreSQL server of the tests")
    }

    pub fn url_of(&self, database: &str) -> String {
        with_database(&self.url, database)
    }

    /// Returns the statement that clones a database.
    ///
    /// Copying files requires two checkpoints, which are fast in memory and slow on a disk.
    pub fn clone_statement(&self, name: &str, template: &str) -> String {
        let strategy = if self.copies_files { " strategy file_copy" } else { "" };
        format!("create database {name} template {template}{strategy}")
    }

    fn version(&self) -> Result<i32> {
        let version = sql::<Integer>("select current_setting('server_version_num')::integer");
        Ok(version.get_result(&mut self.connect()?)?)
    }
}

/// Returns the two statements that drop a database, to execute in order.
///
/// `force` alone would be sufficient, but with an open connection it retries only after 100 ms, which is too slow for
/// every test.
pub fn drop_statements(name: &str) -> [String; 2] {
    let disconnect = format!(
        "do $$ begin
             perform pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}';
             for step in 1..500 loop
                 exit when not exists (select from pg_stat_activity where datname = '{name}');
                 perform pg_sleep(0.002), pg_stat_clear_snapshot();
             end loop;
         end $$"
    );
    [disconnect, format!("drop database if exists {name} with (force)")]
}

/// Returns the URL with another database name.
fn with_database(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(a, o)| (a, Some(o)));
    let host_at = address.find("://").map_or(0, |at| at + "://".len());
    let (_, authority_and_path) = address.split_at(host_at);
    let authority = authority_and_path.split('/').next().unwrap_or_default();
    let (scheme, _) = address.split_at(host_at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{scheme}{authority}/{database}{options}")
}

#[test]
fn database_name_in_the_url_is_replaced() {
    for (url, expected) in [
        ("postgres://ana:pw@db:5433/shop", "postgres://ana:pw@db:5433/x"),
        ("postgres://db", "postgres://db/x"),
        ("postgresql://db/shop?sslmode=require", "postgresql://db/x?sslmode=require"),
        ("postgresql:///shop?host=/run/pg", "postgresql:///x?host=/run/pg"),
    ] {
        assert_eq!(with_database(url, "x"), expected);
    }
}
