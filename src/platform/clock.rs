//! What time it is: an argument, so that tests can move it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Tells the time, to the microsecond that PostgreSQL keeps.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that the lint sends everybody to")]
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

/// A clock that runs beside the machine's and can be put forward, for rehearsing what time brings.
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
