//! The pool of connections, and what every connection is told first.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, Pool};

pub(super) type PgPool = Pool<ConnectionManager<PgConnection>>;

/// How a pool is made.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    pub url: String,
    pub size: u32,
    pub time_outs: TimeOuts,
}

/// After how long the server gives up.
#[derive(Debug, Clone, Copy)]
pub struct TimeOuts {
    pub statement: Duration,
    pub lock: Duration,
    pub idle_in_transaction: Duration,
    /// How long somebody waits for a connection.
    pub connection: Duration,
}

impl TimeOuts {
    /// For requests and jobs.
    pub const INTERACTIVE: Self = Self {
        statement: Duration::from_secs(15),
        lock: Duration::from_secs(5),
        idle_in_transaction: Duration::from_secs(30),
        connection: Duration::from_millis(800),
    };

    /// For imports and migrations, which take as long as they take.
    pub const BATCH: Self = Self {
        statement: Duration::ZERO,
        lock: Duration::from_secs(30),
        idle_in_transaction: Duration::from_secs(300),
        connection: Duration::from_secs(10),
    };
}

/// Every connection speaks UTC and English (the program reads some messages), gives up in time, and takes the pages of
/// an index for about as cheap as those of a table: they are in memory, or on a disk that does not turn.
#[derive(Debug)]
struct Introduce(String);

impl CustomizeConnection<PgConnection, Error> for Introduce {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), Error> {
        conn.batch_execute(&self.0).map_err(Error::QueryError)?;
        // Only a superuser may; elsewhere the server speaks the language it was set up with.
        let _is_superuser = conn.batch_execute("set lc_messages = 'C'").is_ok();
        Ok(())
    }
}

/// PostgreSQL's own 4 is for disks that turn.
pub const RANDOM_PAGE_COST: &str = "1.1";

/// A pool that connects when it is first asked.
pub(super) fn build(settings: &PoolSettings) -> PgPool {
    let time_outs = settings.time_outs;
    let introduction = format!(
        "set timezone = 'UTC'; set statement_timeout = {}; set lock_timeout = {}; \
         set idle_in_transaction_session_timeout = {}; set random_page_cost = {RANDOM_PAGE_COST};",
        time_outs.statement.as_millis(),
        time_outs.lock.as_millis(),
        time_outs.idle_in_transaction.as_millis(),
    );
    Pool::builder()
        .max_size(settings.size)
        .min_idle(Some(0))
        // A test at every checkout costs a round trip; dead connections are noticed on use, and then replaced.
        .test_on_check_out(false)
        .connection_timeout(time_outs.connection)
        .thread_pool(shared_threads())
        .connection_customizer(Box::new(Introduce(introduction)))
        .build_unchecked(ConnectionManager::new(settings.url.clone()))
}

/// r2d2 would start three threads for each pool; one set serves them all.
fn shared_threads() -> Arc<scheduled_thread_pool::ScheduledThreadPool> {
    static THREADS: std::sync::LazyLock<Arc<scheduled_thread_pool::ScheduledThreadPool>> =
        std::sync::LazyLock::new(|| {
            let threads = scheduled_thread_pool::ScheduledThreadPool::builder().num_threads(3);
            Arc::new(threads.thread_name_pattern("db-pool-{}").build())
        });
    Arc::clone(&THREADS)
}
