//! Transport of commit signals between processes, with `LISTEN` and `NOTIFY`.
//!
//! The `NOTIFY` is debounced and sent outside of any transaction: inside a transaction, PostgreSQL would serialize the
//! commits of all orders.

use std::time::Duration;

use anyhow::Result;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use tokio::sync::watch;
use tracing::debug;

use super::access::Db;
use super::commit_signal::CommitSignal;

const CHANNEL: &str = "mercer_wake";

/// Commits within this time share one `NOTIFY`.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// Pause between two checks for notifications from other processes.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Pause before the listener reconnects after an error.
const RECONNECT_PAUSE: Duration = Duration::from_secs(2);

/// Notifies other processes of the commits of this process until `stop` becomes true.
pub async fn notify_other_processes(db: Db, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = db.commit_signal().outgoing() => {}
            _ = stop.changed() => return,
        }
        tokio::time::sleep(DEBOUNCE).await;
        if let Err(problem) = db.read(|conn| conn.batch_execute(&format!("notify {CHANNEL}"))).await {
            debug!("Cannot notify other processes: {problem}");
        }
    }
}

/// Wakes the waiting tasks of this process when another process has committed, until `stop` becomes true.
pub async fn listen_to_other_processes(url: String, signal: CommitSignal, stop: watch::Receiver<bool>) {
    let listening = tokio::task::spawn_blocking(move || {
        while !*stop.borrow() {
            if let Err(error) = listen(&url, &signal, &stop) {
                debug!("Cannot listen to other processes: {error:#}");
                sleep_unless_stopped(RECONNECT_PAUSE, &stop);
            }
        }
    });
    // A panic in the listener is already logged; polling continues without it.
    let _ended = listening.await;
}

fn listen(url: &str, signal: &CommitSignal, stop: &watch::Receiver<bool>) -> Result<()> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(&format!("listen {CHANNEL}"))?;
    while !*stop.borrow() {
        let mut is_notified = false;
        for notification in conn.notifications_iter() {
            notification?;
            is_notified = true;
        }
        if is_notified {
            signal.notify_local();
        }
        std::thread::sleep(CHECK_INTERVAL);
    }
    Ok(())
}

fn sleep_unless_stopped(pause: Duration, stop: &watch::Receiver<bool>) {
    let mut left = pause;
    while !left.is_zero() && !*stop.borrow() {
        std::thread::sleep(CHECK_INTERVAL.min(left));
        left = left.saturating_sub(CHECK_INTERVAL);
    }
}
