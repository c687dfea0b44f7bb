//! Rate limits of this process (leaky bucket of the governor crate).

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::rate_limit::{RateLimitClass, RateLimitState, Verdict};
use crate::platform::config::{RateLimit, RateLimits};

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Number of requests after which idle clients are removed from memory.
const CLEANUP_INTERVAL: u32 = 10_000;

pub(super) struct LocalLimits {
    limiters: HashMap<RateLimitClass, Limiter>,
    clock: DefaultClock,
    counted: AtomicU32,
}

impl LocalLimits {
    pub fn new(rates: &RateLimits) -> Self {
        let limiter = |class: RateLimitClass| {
            let rate = class.rate(rates);
            let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(rate.interval()).map(|quota| quota.allow_burst(burst));
            let quota = quota.unwrap_or_else(|| Quota::per_second(burst));
            (class, RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>())
        };
        Self {
            limiters: RateLimitClass::ALL.into_iter().map(limiter).collect(),
            clock: DefaultClock::default(),
            counted: AtomicU32::new(0),
        }
    }

    pub fn count(&self, class: RateLimitClass, rate: RateLimit, client: &str) -> Verdict {
        let Some(limiter) = self.limiters.get(&class) else { return Verdict::Unlimited };
        if self.counted.fetch_add(1, Ordering::Relaxed) % CLEANUP_INTERVAL == CLEANUP_INTERVAL - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        match limiter.check_key(&client.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let wait = if remaining < rate.burst { rate.interval().as_secs_f64() } else { 0.0 };
                Verdict::Allowed(RateLimitState { class, rate, remaining, wait })
            }
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now()).as_secs_f64();
                Verdict::RateExceeded(RateLimitState { class, rate, remaining: 0, wait })
            }
        }
    }
}
