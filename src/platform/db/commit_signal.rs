//! Signal that wakes the dispatcher and the workers after a commit that published an event or enqueued a job.
//!
//! Within one process, a commit notifies the waiting tasks directly; `process_signal` carries the signal to other
//! processes. If a notification is lost, the slow poll of each waiting task finds the work.

use std::cell::Cell;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::futures::{Notified, OwnedNotified};

thread_local! {
    /// True if the transaction of this thread has requested a signal on commit.
    static IS_REQUESTED: Cell<bool> = const { Cell::new(false) };
}

/// Requests a signal when the current transaction commits.
///
/// Only writes that publish an event or enqueue a job call this. If every write did, the bookkeeping of the workers
/// would wake them again and again.
pub fn signal_on_commit() {
    IS_REQUESTED.set(true);
}

/// Resets the request of this thread and returns whether there was one.
pub(super) fn take_commit_signal() -> bool {
    IS_REQUESTED.take()
}

/// Notifies the waiting tasks of this process and of other processes.
#[derive(Debug, Clone, Default)]
pub struct CommitSignal {
    local: Arc<Notify>,
    /// Commits of this process that other processes have not been notified of.
    outgoing: Arc<Notify>,
}

impl CommitSignal {
    /// Wakes all tasks that wait now.
    pub fn notify(&self) {
        self.local.notify_waiters();
        self.outgoing.notify_one();
    }

    /// Returns a future that completes with the next signal after this call.
    ///
    /// Callers must create the future before they look for work; otherwise they can miss a signal.
    pub fn notified(&self) -> OwnedNotified {
        Arc::clone(&self.local).notified_owned()
    }

    /// Wakes the tasks of this process after a commit of another process.
    pub(super) fn notify_local(&self) {
        self.local.notify_waiters();
    }

    /// Returns a future that completes when this process has committed work for the dispatcher or workers of other
    /// processes.
    pub(super) fn outgoing(&self) -> Notified<'_> {
        self.outgoing.notified()
    }
}
