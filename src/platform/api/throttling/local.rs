//! Limits of this process, by the leaky bucket of the governor crate.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::{Class, Throttled, Verdict};
use crate::platform::config::{Rate, Rates};

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// After so many requests those are forgotten who have been quiet: strangers come and go.
const TIDY_EVERY: u32 = 10_000;

pub(super) struct LocalLimits {
    limiters: HashMap<Class, Limiter>,
    clock: DefaultClock,
    counted: AtomicU32,
}

impl LocalLimits {
    pub fn new(rates: &Rates) -> Self {
        let limiter = |class: Class| {
            let rate = class.rate(rates);
            let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(rate.interval()).map(|quota| quota.allow_burst(burst));
            let quota = quota.unwrap_or_else(|| Quota::per_second(burst));
            (class, RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>())
        };
        Self {
            limiters: Class::ALL.into_iter().map(limiter).collect(),
            clock: DefaultClock::default(),
            counted: AtomicU32::new(0),
        }
    }

    pub fn count(&self, class: Class, rate: Rate, who: &str) -> Verdict {
        let Some(limiter) = self.limiters.get(&class) else { return Verdict::Unlimited };
        if self.counted.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        match limiter.check_key(&who.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let wait = if remaining < rate.burst { rate.interval().as_secs_f64() } else { 0.0 };
                Verdict::Passed(Throttled { class, rate, remaining, wait })
            }
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now()).as_secs_f64();
                Verdict::Refused(Throttled { class, rate, remaining: 0, wait })
            }
        }
    }
}
