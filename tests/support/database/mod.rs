//! A fresh database for each test, cloned from a migrated template.
//!
//! The server is a private one in memory (see `private`), or that of `TEST_DATABASE_URL`, whose
//! user must be a superuser. Names tell what is whose:
//!
//! - `mercer_template_<hash of the migrations>`: migrated once, then only copied;
//! - `mercer_test_<process>_<time>_<number>`: one test's, dropped at its end.
//!
//! Whoever uses a template or runs tests holds an advisory lock on that name for as long as it
//! lives. What nobody holds is left over from a killed run or an older schema, and goes.

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

/// One test's own database; dropped with this value, whoever is still connected.
#[derive(Debug)]
pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// With the whole schema, and no rows but those that migrations insert.
    pub fn create() -> Self {
        Self::made_by(|run, name| run.server.clone_statement(name, &run.template))
    }

    /// Without the schema: for those who rehearse migrations.
    pub fn create_empty() -> Self {
        Self::made_by(|_, name| format!("create database {name} template template0"))
    }

    /// A connection of the test's own, outside of any pool.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap_or_else(|error| panic!("{}: {error}", self.url))
    }

    fn made_by(statement: impl FnOnce(&Run, &str) -> String) -> Self {
        let created = Run::current().and_then(|run| {
            let name = run.next_name();
            run.execute(&[&statement(run, &name)])?;
            let url = run.server.url_of(&name);
            Ok(Self { url, name })
        });
        created.unwrap_or_else(|error| panic!("a test needs a database: {error:#}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let [disconnect, drop] = server::drop_statements(&self.name);
        let dropped = Run::current().and_then(|run| run.execute(&[&disconnect, &drop]));
        // Not a panic: the test may be in one already, and the next run removes what is left.
        if let Err(error) = dropped {
            eprintln!("{} is left over: {error:#}", self.name);
        }
    }
}

/// This process: its server, its template and its name.
struct Run {
    server: Server,
    template: String,
    /// What the names of its databases begin with.
    name: String,
    databases: AtomicU32,
    idle: Mutex<Vec<PgConnection>>,
    /// Holds the locks that say we live.
    _claim: Mutex<PgConnection>,
}

impl Run {
    /// Begun by the first test that asks; where that fails, every test tells why.
    fn current() -> Result<&'static Self> {
        static CURRENT: OnceLock<Result<Run, String>> = OnceLock::new();
        let run = CURRENT.get_or_init(|| Self::begin().map_err(|error| format!("{error:#}")));
        run.as_ref().map_err(|error| anyhow!(error.clone()))
    }

    fn begin() -> Result<Self> {
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

    /// On a connection of the server's own database: one for each thread that needs it at this moment.
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
fn a_database_is_migrated_separate_and_gone_in_the_end() {
    let [first, second] = [TestDatabase::create(), TestDatabase::create()];
    let mut conn = first.connect();
    assert_eq!(conn.batch_execute("create table only_here (x integer); select from orders"), Ok(()));
    assert!(second.connect().batch_execute("select from only_here").is_err());

    // While somebody is connected.
    let url = first.url.clone();
    drop(first);
    assert!(PgConnection::establish(&url).is_err());
    assert!(conn.batch_execute("select 1").is_err());
}

#[test]
fn an_empty_database_has_no_tables() {
    let database = TestDatabase::create_empty();
    assert!(database.connect().batch_execute("select from orders").is_err());
}
