//! `read` and `write`: the only functions that give access to a connection.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::anyhow;
use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, PooledConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::commit_signal::{CommitSignal, take_commit_signal};
use super::pool::{PgPool, PoolSettings, build};
use crate::platform::error::Problem;

/// Maximum time to wait for a connection. A request that gets none fails with 503 within a second.
const PERMIT_TIMEOUT: Duration = Duration::from_millis(800);

/// Maximum number of requests that wait for each connection. More could not get a connection within
/// [`PERMIT_TIMEOUT`].
const QUEUED_PER_CONNECTION: usize = 64;

/// Maximum number of attempts of a transaction that fails with a deadlock or a serialization failure.
const MAX_ATTEMPTS: u32 = 3;

tokio::task_local! {
    /// See [`with_guard`].
    static GUARD: Arc<dyn Any + Send + Sync>;
}

/// Runs `work` and drops `guard` when all database work that it started is finished.
///
/// A client that closes its connection cancels the request, but not the running query.
pub async fn with_guard<F: Future>(guard: Option<Arc<impl Any + Send + Sync>>, work: F) -> F::Output {
    match guard {
        Some(guard) => GUARD.scope(guard, work).await,
        None => work.await,
    }
}

/// Access to the database. All work runs on blocking threads, never on the threads that serve requests.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    /// One permit per connection.
    permits: Arc<Semaphore>,
    /// One permit per request that waits for a connection.
    queue: Arc<Semaphore>,
    commit_signal: CommitSignal,
}

impl Db {
    /// Creates the pool. It opens the first connection on first use.
    pub fn new(settings: &PoolSettings) -> Self {
        let connections = usize::try_from(settings.size).unwrap_or(usize::MAX);
        let queue = connections.saturating_mul(QUEUED_PER_CONNECTION).min(Semaphore::MAX_PERMITS);
        Self {
            pool: build(settings),
            permits: Arc::new(Semaphore::new(connections)),
            queue: Arc::new(Semaphore::new(queue)),
            commit_signal: CommitSignal::default(),
        }
    }

    /// Signal that is sent after each commit that published an event or enqueued a job.
    pub const fn commit_signal(&self) -> &CommitSignal {
        &self.commit_signal
    }

    /// Runs `work` without a transaction: a single query, or several that do not need one consistent snapshot.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
        F: Fn(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        let permit = self.acquire_permit().await?;
        let db = self.clone();
        run_blocking(permit, move || db.read_blocking(&work)).await
    }

    /// Runs `work` in one transaction, and repeats it after a deadlock or a serialization failure.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
        F: Fn(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        let permit = self.acquire_permit().await?;
        let db = self.clone();
        run_blocking(permit, move || db.write_blocking(&work)).await
    }

    /// Variant of [`Db::read`] for threads that are allowed to block, such as the command line.
    pub fn read_blocking<T, E: Into<Problem>>(
        &self,
        work: impl Fn(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let mut broken_connections = self.pool.max_size() + 1;
        loop {
            let mut conn = self.connection()?;
            let problem = match work(&mut conn).map_err(Into::into) {
                Err(problem) if problem.status().is_server_error() => problem,
                result => return result,
            };
            // A read can be repeated safely. After a restart of the server every pooled connection is broken.
            if !conn.replace_if_broken() || broken_connections == 0 {
                return Err(problem);
            }
            broken_connections -= 1;
        }
    }

    /// Variant of [`Db::write`] for threads that are allowed to block, such as the command line.
    pub fn write_blocking<T, E: Into<Problem>>(
        &self,
        work: impl Fn(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let mut broken_connections = self.pool.max_size() + 1;
        let mut attempts = MAX_ATTEMPTS;
        loop {
            let mut conn = self.connection()?;
            let has_started = AtomicBool::new(false);
            take_commit_signal();
            let result = in_transaction(&mut conn, |conn| {
                has_started.store(true, Ordering::Relaxed);
                work(conn).map_err(Into::into)
            });
            let problem = match result {
                Err(problem) if !problem.commits() => problem,
                committed => {
                    if take_commit_signal() {
                        self.commit_signal.notify();
                    }
                    return committed;
                }
            };
            match problem {
                // The transaction could not start on this connection, so it has had no effect.
                _ if !has_started.load(Ordering::Relaxed) && broken_connections > 0 => {
                    conn.mark_broken();
                    broken_connections -= 1;
                }
                problem if problem.is_retryable() && attempts > 1 => {
                    attempts -= 1;
                    // A random pause keeps two conflicting transactions from colliding again.
                    std::thread::sleep(Duration::from_millis(fastrand::u64(1..30)));
                }
                problem => return Err(problem),
            }
        }
    }

    /// Waits for a free connection. Fails at once if the queue is full, because the wait would exceed the timeout.
    async fn acquire_permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permits = Arc::clone(&self.permits);
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = self.queue.clone().try_acquire_owned().map_err(|_| {
            Problem::unavailable(anyhow!("{QUEUED_PER_CONNECTION} requests already wait for each database connection"))
        })?;
        match tokio::time::timeout(PERMIT_TIMEOUT, permits.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Problem::unavailable(anyhow!("no database connection became free in {PERMIT_TIMEOUT:?}"))),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "Db::read and Db::write are the only callers")]
    fn connection(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>, Problem> {
        self.pool.get().map_err(|error| Problem::unavailable(anyhow!(error).context("cannot reach the database")))
    }
}

/// Runs `work` in a transaction, or in a savepoint inside of one.
///
/// An error rolls it back, unless the error [commits](Problem::commits): then what `work` has written stays.
pub fn in_transaction<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let result = conn.transaction(|conn| match work(conn) {
        Err(problem) if !problem.commits() => Err(WorkError(problem)),
        committed => Ok(committed),
    });
    result.map_err(|WorkError(problem)| problem)?
}

/// Error of a transaction: wraps a [`Problem`] so that Diesel can convert its own errors.
struct WorkError(Problem);

impl From<diesel::result::Error> for WorkError {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// Detection of broken connections: Diesel does not notice them outside of a transaction, so the pool would keep them.
trait ConnectionHealth {
    /// Runs a test query. If it fails, marks the connection as broken and returns true.
    fn replace_if_broken(&mut self) -> bool;

    /// Makes the pool replace the connection when it is returned.
    fn mark_broken(&mut self);
}

impl ConnectionHealth for PooledConnection<ConnectionManager<PgConnection>> {
    fn replace_if_broken(&mut self) -> bool {
        let is_broken = self.batch_execute("select 1").is_err();
        if is_broken {
            self.mark_broken();
        }
        is_broken
    }

    fn mark_broken(&mut self) {
        <AnsiTransactionManager as TransactionManager<PgConnection>>::transaction_manager_status_mut(&mut **self)
            .set_in_error();
    }
}

/// Runs `work` on a blocking thread inside the caller's span.
///
/// The permit is released when `work` is done, even if the caller was cancelled earlier.
async fn run_blocking<T: Send + 'static>(
    permit: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    let guard = GUARD.try_with(Arc::clone).ok();
    let result = tokio::task::spawn_blocking(move || {
        let (_permit, _guard) = (permit, guard);
        span.in_scope(work)
    });
    result.await.map_err(|error| Problem::internal(anyhow!(error).context("database work panicked")))?
}
