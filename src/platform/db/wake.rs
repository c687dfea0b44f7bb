//! A tap on the shoulder: something was written that a dispatcher or worker may wait for.

use std::sync::Arc;

use tokio::sync::Notify;

/// Wakes the sleepers of this process. What it misses, their slow poll finds.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// All who wait now wake; one who comes later finds the work by looking.
    pub fn tap(&self) {
        self.0.notify_waiters();
    }

    /// Until the next tap.
    pub async fn tapped(&self) {
        self.0.notified().await;
    }
}
