//! Connection pool and the settings of each connection.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, Pool};

pub(super) type PgPool = Pool<ConnectionManager<PgConnection>>;

/// Settings of a pool.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    pub url: String,
    pub size: u32,
    pub timeouts: DatabaseTimeouts,
}

/// Time limits of the database server and of the pool.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseTimeouts {
    pub statement: Duration,
    pub lock: Duration,
    pub idle_in_transaction: Duration,
    /// Maximum time to wait for a new connection.
    pub connection: Duration,
}

impl DatabaseTimeouts {
    /// Timeouts for requests and jobs.
    pub const INTERACTIVE: Self = Self {
        statement: Duration::from_secs(15),
        lock: Duration::from_secs(5),
        idle_in_transaction: Duration::from_secs(30),
        connection: Duration::from_millis(800),
    };

    /// Timeouts for imports and migrations, whose statements have no time limit.
    pub const BATCH: Self = Self {
        statement: Duration::ZERO,
        lock: Duration::from_secs(30),
        idle_in_transaction: Duration::from_secs(300),
        connection: Duration::from_secs(10),
    };
}

/// Configures each new connection: UTC, English messages (Mercer parses some of them), timeouts, and the page cost.
#[derive(Debug)]
struct ConnectionSetup(String);

impl CustomizeConnection<PgConnection, Error> for ConnectionSetup {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), Error> {
        conn.batch_execute(&self.0).map_err(Error::QueryError)?;
        // Only a superuser is allowed to set this; other users get the language of the server.
        let _is_superuser = conn.batch_execute("set lc_messages = 'C'").is_ok();
        Ok(())
    }
}

/// Planner cost of a random page read, for data in memory or on a solid-state disk.
///
/// PostgreSQL's default of 4 assumes a rotating disk.
pub const RANDOM_PAGE_COST: &str = "1.1";

/// Creates a pool that opens its first connection on first use.
pub(super) fn build(settings: &PoolSettings) -> PgPool {
    let timeouts = settings.timeouts;
    let setup = format!(
        "set timezone = 'UTC'; set statement_timeout = {}; set lock_timeout = {}; \
         set idle_in_transaction_session_timeout = {}; set random_page_cost = {RANDOM_PAGE_COST};",
        timeouts.statement.as_millis(),
        timeouts.lock.as_millis(),
        timeouts.idle_in_transaction.as_millis(),
    );
    Pool::builder()
        .max_size(settings.size)
        .min_idle(Some(0))
        // A test at every checkout costs a round trip. `Db` detects and replaces broken connections on use.
        .test_on_check_out(false)
        .connection_timeout(timeouts.connection)
        .thread_pool(shared_threads())
        .connection_customizer(Box::new(ConnectionSetup(setup)))
        .build_unchecked(ConnectionManager::new(settings.url.clone()))
}

/// Returns the maintenance threads, shared by all pools; r2d2 would start three threads for each pool.
fn shared_threads() -> Arc<scheduled_thread_pool::ScheduledThreadPool> {
    static THREADS: std::sync::LazyLock<Arc<scheduled_thread_pool::ScheduledThreadPool>> =
        std::sync::LazyLock::new(|| {
            let threads = scheduled_thread_pool::ScheduledThreadPool::builder().num_threads(3);
            Arc::new(threads.thread_name_pattern("db-pool-{}").build())
        });
    Arc::clone(&THREADS)
}
