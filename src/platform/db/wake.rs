//! A tap on the shoulder: something was written that a dispatcher or worker may wait for.
//!
//! Within one process a write taps directly. Between processes a debounced `NOTIFY` carries the tap, sent outside of
//! any transaction: inside, PostgreSQL would commit all orders one after the other. What is missed all the same, the
//! slow poll of every sleeper finds.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, watch};
use tracing::debug;

use super::Db;

const CHANNEL: &str = "mercer_wake";

/// Writes of this long become one `NOTIFY`.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// How often the listener looks whether something has arrived.
const LOOK: Duration = Duration::from_millis(50);

/// After a lost connection.
const PAUSE: Duration = Duration::from_secs(2);

thread_local! {
    /// Whether the transaction of this thread has written something that somebody waits for.
    static IS_AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// Says, inside a transaction, that its commit is to wake the sleepers: an event or a job was written.
///
/// Not every write does, or the sleepers' own bookkeeping would keep each other awake.
pub fn wake_on_commit() {
    IS_AWAITED.set(true);
}

/// Forgets what was said, and tells whether anything was.
pub(super) fn take_wake() -> bool {
    IS_AWAITED.take()
}

/// Wakes the sleepers of this process.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    sleepers: Arc<Notify>,
    /// Writes of this process, which others do not know of yet.
    written: Arc<Notify>,
}

impl Wake {
    /// After a commit: all who wait now wake.
    pub fn tap(&self) {
        self.sleepers.notify_waiters();
        self.written.notify_one();
    }

    /// Until the next tap: any that comes after this call, so it is to be made before looking for work.
    pub fn tapped(&self) -> OwnedNotified {
        Arc::clone(&self.sleepers).notified_owned()
    }
}

/// Tells other processes of this one's writes until `stop` says so.
pub async fn tell_others(db: Db, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = db.wake().written.notified() => {}
            _ = stop.changed() => return,
        }
        tokio::time::sleep(DEBOUNCE).await;
        if let Err(problem) = db.read(|conn| conn.batch_execute(&format!("notify {CHANNEL}"))).await {
            debug!("Other processes were not woken: {problem}");
        }
    }
}

/// Wakes the sleepers of this process when another one has written, until `stop` says so.
pub async fn hear_others(url: String, wake: Wake, stop: watch::Receiver<bool>) {
    let listening = tokio::task::spawn_blocking(move || {
        while !*stop.borrow() {
            if let Err(error) = listen(&url, &wake, &stop) {
                debug!("Not listening for other processes: {error:#}");
                sleep_unless_stopped(PAUSE, &stop);
            }
        }
    });
    // A panic in there was logged where it happened; the poll goes on without it.
    let _ended = listening.await;
}

fn listen(url: &str, wake: &Wake, stop: &watch::Receiver<bool>) -> Result<()> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(&format!("listen {CHANNEL}"))?;
    while !*stop.borrow() {
        let mut has_news = false;
        for notification in conn.notifications_iter() {
            notification?;
            has_news = true;
        }
        if has_news {
            wake.sleepers.notify_waiters();
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn sleep_unless_stopped(pause: Duration, stop: &watch::Receiver<bool>) {
    let mut left = pause;
    while !left.is_zero() && !*stop.borrow() {
        std::thread::sleep(LOOK.min(left));
        left = left.saturating_sub(LOOK);
    }
}
