//! Rate limits that all instances share, in Redis.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use redis::Script;
use tracing::warn;

use super::rate_limit::{RateLimitClass, RateLimitState, Verdict};
use crate::platform::config::{RateLimit, RedisSettings};
use crate::platform::redis_connection::RedisConnection;

/// Time without requests to Redis after a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// The generic cell rate algorithm (ITU-T I.371). Each key stores the time up to which its client has used its rate, in
/// microseconds of the Redis clock. The script returns allowed, remaining, and the wait in microseconds.
const GCRA: &str = r"
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next = used + interval
local room = now + interval * burst - next
if room < 0 then
    return {0, 0, math.ceil(-room)}
end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1)
return {1, math.floor(room / interval), interval}
";

pub(super) struct SharedLimits {
    redis: RedisConnection,
    script: Script,
    /// End of the pause after a failure.
    paused_until: Mutex<Option<Instant>>,
}

impl SharedLimits {
    pub fn new(settings: &RedisSettings) -> anyhow::Result<Self> {
        let redis = RedisConnection::new(settings)?;
        Ok(Self { redis, script: Script::new(GCRA), paused_until: Mutex::new(None) })
    }

    /// Counts a request. Returns None if Redis does not respond.
    pub async fn count(&self, class: RateLimitClass, rate: RateLimit, client: &str) -> Option<Verdict> {
        if self.is_paused() {
            return None;
        }
        let key = format!("mercer:throttle:{}:{client}", class.name());
        let mut invocation = self.script.key(key);
        let invocation = invocation.arg(u64::try_from(rate.interval().as_micros()).ok()?.max(1)).arg(rate.burst);
        let counted: redis::RedisResult<(u8, u32, u32)> =
            self.redis.within_timeout(invocation.invoke_async(&mut self.redis.manager())).await;
        match counted {
            Ok((allowed, remaining, wait)) => {
                let state = RateLimitState { class, rate, remaining, wait: f64::from(wait) / 1e6 };
                Some(if allowed == 1 { Verdict::Allowed(state) } else { Verdict::RateExceeded(state) })
            }
            Err(error) => {
                self.pause(&error.to_string());
                None
            }
        }
    }

    fn is_paused(&self) -> bool {
        let until = self.paused_until.lock().map_or(None, |until| *until);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self, cause: &str) {
        warn!("Redis is unavailable; this process counts requests by itself: {cause}");
        if let Ok(mut until) = self.paused_until.lock() {
            *until = Some(Instant::now() + FAILURE_PAUSE);
        }
    }
}
