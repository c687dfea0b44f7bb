//! `read` and `write`: the only ways to a connection.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::anyhow;
use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, PooledConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::keyring::Held;
use super::pool::{PgPool, PoolSettings, build};
use super::wake::{Wake, take_wake};
use crate::platform::crypto::MasterKey;
use crate::platform::error::Problem;

/// Within a second somebody who waits for a connection hears that there is none.
const GATE_PATIENCE: Duration = Duration::from_millis(800);

/// So many may wait for each connection; the time that they would need is about our patience.
const QUEUED_PER_CONNECTION: usize = 64;

/// A transaction that lost a deadlock or a serialization is tried this often in all.
const TRIES: u32 = 3;

tokio::task_local! {
    /// See [`hold_while`].
    static HELD: Arc<dyn Any + Send + Sync>;
}

/// Does `work`, and lets `held` go when all that was begun in the database for it is done: a client that hangs up does
/// not end its query.
pub async fn hold_while<F: Future>(held: Option<Arc<impl Any + Send + Sync>>, work: F) -> F::Output {
    match held {
        Some(held) => HELD.scope(held, work).await,
        None => work.await,
    }
}

/// The database. Work runs on blocking threads, never on those that serve requests.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    gate: Arc<Semaphore>,
    /// Places to wait before the gate.
    queue: Arc<Semaphore>,
    wake: Wake,
    /// Of the shop whose database it is.
    key: Arc<OnceLock<Arc<MasterKey>>>,
}

impl Db {
    /// Connects when it is first used.
    pub fn new(settings: &PoolSettings) -> Self {
        let permits = usize::try_from(settings.size).unwrap_or(usize::MAX);
        let places = permits.saturating_mul(QUEUED_PER_CONNECTION).min(Semaphore::MAX_PERMITS);
        Self {
            pool: build(settings),
            gate: Arc::new(Semaphore::new(permits)),
            queue: Arc::new(Semaphore::new(places)),
            wake: Wake::default(),
            key: Arc::default(),
        }
    }

    /// Lends the shop's key to everything that is written from now on. The first key stays.
    pub fn hold_key(&self, key: Arc<MasterKey>) {
        self.key.get_or_init(|| key);
    }

    /// Taps after a write that published an event or enqueued a job.
    pub const fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Runs `work` without a transaction: single queries, or several that need not agree.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
        F: Fn(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        let permit = self.pass_gate().await?;
        let db = self.clone();
        off_thread(permit, move || db.read_blocking(&work)).await
    }

    /// Runs `work` in one transaction, again where the database gave it up for another's sake.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
        F: Fn(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        let permit = self.pass_gate().await?;
        let db = self.clone();
        off_thread(permit, move || db.write_blocking(&work)).await
    }

    /// [`Db::read`] for threads that may block: the command line.
    pub fn read_blocking<T, E: Into<Problem>>(
        &self,
        work: impl Fn(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let mut tries = self.pool.max_size() + 1;
        loop {
            let mut conn = self.connection()?;
            let problem = match work(&mut conn).map_err(Into::into) {
                Err(problem) if problem.status().is_server_error() => problem,
                result => return result,
            };
            // A read may be repeated: after a restart of the server every pooled connection is dead.
            if !conn.has_lost_its_server() || tries == 0 {
                return Err(problem);
            }
            tries -= 1;
        }
    }

    /// [`Db::write`] for threads that may block: the command line.
    pub fn write_blocking<T, E: Into<Problem>>(
        &self,
        work: impl Fn(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let mut dead_connections = self.pool.max_size() + 1;
        let mut tries = TRIES;
        loop {
            let mut conn = self.connection()?;
            let has_begun = AtomicBool::new(false);
            take_wake();
            let _held = Held::new(self.key.get().cloned());
            let result = conn.transaction(|conn| {
                has_begun.store(true, Ordering::Relaxed);
                work(conn).map_err(|error| WorkError(error.into()))
            });
            match result.map_err(|WorkError(problem)| problem) {
                Ok(value) => {
                    if take_wake() {
                        self.wake.tap();
                    }
                    return Ok(value);
                }
                // Nothing was sent on this connection yet, so nothing can have happened.
                Err(_) if !has_begun.load(Ordering::Relaxed) && dead_connections > 0 => {
                    conn.give_up();
                    dead_connections -= 1;
                }
                Err(problem) if problem.is_retryable() && tries > 1 => {
                    tries -= 1;
                    // Two that gave way to each other must not meet again at once.
                    std::thread::sleep(Duration::from_millis(fastrand::u64(1..30)));
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    /// Work that would wait behind too much other work is turned away at once: it would only be late.
    async fn pass_gate(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let gate = Arc::clone(&self.gate);
        if let Ok(permit) = Arc::clone(&gate).try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = self.queue.clone().try_acquire_owned().map_err(|_| {
            Problem::unavailable(anyhow!("{QUEUED_PER_CONNECTION} requests wait for each database connection"))
        })?;
        match tokio::time::timeout(GATE_PATIENCE, gate.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Problem::unavailable(anyhow!("no database connection became free in {GATE_PATIENCE:?}"))),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the way to a connection that the lint sends everybody to")]
    fn connection(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>, Problem> {
        self.pool.get().map_err(|error| Problem::unavailable(anyhow!(error).context("cannot reach the database")))
    }
}

/// Carries a [`Problem`] through Diesel's transaction, whose own failures become one.
struct WorkError(Problem);

impl From<diesel::result::Error> for WorkError {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// Diesel does not see by itself that a connection outside of a transaction is dead: the pool would keep it.
trait Mortal {
    /// Asks the server for a sign of life; without one, the connection is given up.
    fn has_lost_its_server(&mut self) -> bool;

    /// Makes the pool replace the connection.
    fn give_up(&mut self);
}

impl Mortal for PooledConnection<ConnectionManager<PgConnection>> {
    fn has_lost_its_server(&mut self) -> bool {
        let is_lost = self.batch_execute("select 1").is_err();
        if is_lost {
            self.give_up();
        }
        is_lost
    }

    fn give_up(&mut self) {
        <AnsiTransactionManager as TransactionManager<PgConnection>>::transaction_manager_status_mut(&mut **self)
            .set_in_error();
    }
}

/// Runs `work` on a blocking thread inside the caller's span; the permit goes back when it is done,
/// even if the caller has gone by then.
async fn off_thread<T: Send + 'static>(
    permit: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    let held = HELD.try_with(Arc::clone).ok();
    let result = tokio::task::spawn_blocking(move || {
        let (_permit, _held) = (permit, held);
        span.in_scope(work)
    });
    result.await.map_err(|error| Problem::internal(anyhow!(error).context("database work panicked")))?
}
