//! Clock, passed as a value so that tests can change the time.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Source of the current time, in microseconds, which is the precision of PostgreSQL.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// Returns the clock of the operating system.
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the system time")]
    pub fn system() -> Self {
        Self(Arc::new(|| Utc::now().trunc_subsecs(6)))
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// System clock with an offset that tests can increase.
#[derive(Debug, Clone, Default)]
pub struct ShiftedClock(Arc<Mutex<TimeDelta>>);

impl ShiftedClock {
    pub fn clock(&self) -> Clock {
        let shift = Arc::clone(&self.0);
        let system = Clock::system();
        Clock(Arc::new(move || system.now() + *shift.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}
