//! Rate limits in the notation of the settings: `20/s:100`.

use std::str::FromStr;
use std::time::Duration;

/// Rate limit: `count` requests per period, and up to `burst` requests at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    count: u32,
    period: Duration,
    pub burst: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("must be a rate such as 20/s or 20/s:100, with the unit s, m, h or d")]
pub struct InvalidRateLimit;

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        let (rate, burst) = text.split_once(':').map_or((text, None), |(rate, burst)| (rate, Some(burst)));
        let (count, period) = rate.split_once('/').ok_or(InvalidRateLimit)?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0).ok_or(InvalidRateLimit)?;
        let seconds = match period.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(InvalidRateLimit),
        };
        let burst = match burst {
            None => count,
            Some(burst) => burst.trim().parse().ok().filter(|burst| *burst > 0).ok_or(InvalidRateLimit)?,
        };
        Ok(Self { count, period: Duration::from_secs(seconds), burst })
    }
}

impl RateLimit {
    /// Returns the time after which one more request is allowed.
    pub fn interval(&self) -> Duration {
        (self.period / self.count).max(Duration::from_nanos(1))
    }

    /// Returns the number of seconds until a complete burst is allowed again.
    pub fn window_seconds(&self) -> u64 {
        let window = self.interval() * self.burst;
        window.as_secs() + u64::from(window.subsec_nanos() > 0)
    }
}

/// Rate limit of each class of requests, and the other limits per client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    pub anon: RateLimit,
    pub user: RateLimit,
    pub login: RateLimit,
    pub write: RateLimit,
    /// Failed password and code attempts for one account from one address.
    pub attempts_per_address: RateLimit,
    /// Failed attempts for one account from all addresses that it never logged in from.
    pub attempts_per_account: RateLimit,
    /// Maximum number of concurrent requests of one address or account in a process.
    pub concurrent: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limits_are_parsed() {
        let rate: RateLimit = "20/s:100".parse().unwrap();
        assert_eq!((rate.interval(), rate.burst, rate.window_seconds()), (Duration::from_millis(50), 100, 5));
        let rate: RateLimit = "30/m".parse().unwrap();
        assert_eq!((rate.interval(), rate.burst, rate.window_seconds()), (Duration::from_secs(2), 30, 60));
        for invalid in ["", "20", "0/s", "20/w", "20/s:0", "-1/s", "20/s:x"] {
            assert!(invalid.parse::<RateLimit>().is_err(), "{invalid}");
        }
    }
}
