//! Limits that all instances share, in Redis.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use redis::Script;
use tracing::warn;

use super::{Class, Throttled, Verdict};
use crate::platform::config::{Rate, RedisSettings};
use crate::platform::redis_connection::RedisConnection;

/// After a failure Redis is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);

/// The generic cell rate algorithm (ITU-T I.371): one key holds the moment up to which its owner has used up their
/// share, in microseconds of Redis's own clock. Answers with allowed, remaining, and the wait in microseconds.
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
    /// Not asked again before this.
    resting_until: Mutex<Option<Instant>>,
}

impl SharedLimits {
    pub fn new(settings: &RedisSettings) -> anyhow::Result<Self> {
        let redis = RedisConnection::new(settings)?;
        Ok(Self { redis, script: Script::new(GCRA), resting_until: Mutex::new(None) })
    }

    /// None where Redis does not answer.
    pub async fn count(&self, class: Class, rate: Rate, who: &str) -> Option<Verdict> {
        if self.is_resting() {
            return None;
        }
        let key = format!("mercer:throttle:{}:{who}", class.name());
        let mut invocation = self.script.key(key);
        let invocation = invocation.arg(u64::try_from(rate.interval().as_micros()).ok()?.max(1)).arg(rate.burst);
        let counted: redis::RedisResult<(u8, u32, u32)> =
            self.redis.in_time(invocation.invoke_async(&mut self.redis.manager())).await;
        match counted {
            Ok((allowed, remaining, wait)) => {
                let state = Throttled { class, rate, remaining, wait: f64::from(wait) / 1e6 };
                Some(if allowed == 1 { Verdict::Passed(state) } else { Verdict::Refused(state) })
            }
            Err(error) => {
                self.rest(&error.to_string());
                None
            }
        }
    }

    fn is_resting(&self) -> bool {
        let until = self.resting_until.lock().map_or(None, |until| *until);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self, why: &str) {
        warn!("Redis does not count requests, this process does it alone: {why}");
        if let Ok(mut until) = self.resting_until.lock() {
            *until = Some(Instant::now() + PAUSE);
        }
    }
}
