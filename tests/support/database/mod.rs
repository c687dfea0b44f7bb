//! Separate database for each test, cloned from a migrated template.
//!
//! The server is a private one in memory (see `private`), or that of `TEST_DATABASE_URL`, whose user must be a
//! superuser. Names of databases:
//!
//! - `mercer_template_<hash of the migrations>`: the template, migrated once and then only copied;
//! - `mercer_test_<process>_<time>_<number>`: the database of one test, dropped at its end.
//!
//! A test process holds advisory locks on the names of its template and of its run. A database without a lock is left
//! over from a killed run or an older schema, and the next run drops it.

mod machine;
mod private;
mod server;
mod template;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;

use server::Server;

const TEST_PREFIX: &str = "mercer_test_";

/// Database of one test. Dropping the value drops the database, even if connections are open.
#[derive(Debug)]
pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// Creates a database with the complete schema and only the rows that migrations insert.
    pub fn create() -> Self {
        Self::create_with(|run, name| run.server.clone_statement(name, &run.template))
    }

    /// Creates a database without the schema, for tests of the migrations.
    pub fn create_empty() -> Self {
        Self::create_with(|_, name| format!("create database {name} template template0"))
    }

    /// Opens a connection outside of any pool.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap_or_else(|error| panic!("{}: {error}", self.url))
    }

    fn create_with(statement: impl FnOnce(&TestRun, &str) -> String) -> Self {
        let created = TestRun::current().and_then(|run| {
            let name = run.next_name();
            run.execute(&[&statement(run, &name)])?;
            let url = run.server.url_of(&name);
            Ok(Self { url, name })
        });
        created.unwrap_or_else(|error| panic!("cannot create the database of a test: {error:#}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let [disconnect, drop] = server::drop_statements(&self.name);
        let dropped = TestRun::current().and_then(|run| run.execute(&[&disconnect, &drop]));
        // No panic, because the test may be panicking already. The next run drops the database.
        if let Err(error) = dropped {
            eprintln!("cannot drop {}: {error:#}", self.name);
        }
    }
}

/// Test run of this process: its server, its template and its name.
struct TestRun {
    server: Server,
    template: String,
    /// Prefix of the names of its databases.
    name: String,
    databases: AtomicU32,
    idle: Mutex<Vec<PgConnection>>,
    /// Connection that holds the advisory locks of this run.
    _claim: Mutex<PgConnection>,
}

impl TestRun {
    /// Returns the run, which the first test starts. If the start fails, every test reports the error.
    fn current() -> Result<&'static Self> {
        static CURRENT: OnceLock<Result<TestRun, String>> = OnceLock::new();
        let run = CURRENT.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        run.as_ref().map_err(|error| anyhow!(error.clone()))
    }

    fn start() -> Result<Self> {
        let server = Server::find()?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let name = format!("{TEST_PREFIX}{}_{:x}", std::process::id(), since_epoch.as_micros());
        let mut claim = server.connect()?;
        let template = template::prepare(&server, &mut claim, &name)?;
        Ok(Self {
            server,
            template,
            name,
            databases: AtomicU32::new(0),
            idle: Mutex::default(),
            _claim: Mutex::new(claim),
        })
    }

    fn next_name(&self) -> String {
        format!("{}_{}", self.name, self.databases.fetch_add(1, Ordering::Relaxed))
    }

    /// Executes statements on a connection to the server's own database.
    fn execute(&self, statements: &[&str]) -> Result<()> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let found = idle().pop();
        let mut conn = match found {
            Some(conn) => conn,
            None => self.server.connect()?,
        };
        for statement in statements {
            conn.batch_execute(statement)?;
        }
        idle().push(conn);
        Ok(())
    }
}

#[test]
fn test_database_is_migrated_isolated_and_dropped() {
    let [first, second] = [TestDatabase::create(), TestDatabase::create()];
    let mut conn = first.connect();
    assert_eq!(conn.batch_execute("create table only_here (x integer); select from orders"), Ok(()));
    assert!(second.connect().batch_execute("select from only_here").is_err());

    // Dropped although a connection is open.
    let url = first.url.clone();
    drop(first);
    assert!(PgConnection::establish(&url).is_err());
    assert!(conn.batch_execute("select 1").is_err());
}

#[test]
fn empty_test_database_has_no_tables() {
    let database = TestDatabase::create_empty();
    assert!(database.connect().batch_execute("select from orders").is_err());
}
