//! Clock that advances only when a test advances it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<Instant>>);

impl ManualClock {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn reader(&self) -> Arc<dyn Fn() -> Instant + Send + Sync> {
        let now = Arc::clone(&self.0);
        Arc::new(move || *now.lock().unwrap())
    }
}
