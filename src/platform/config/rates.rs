//! Rates, as settings write them: `20/s:100`.

use std::str::FromStr;
use std::time::Duration;

/// So many in a period, and so many at once for whoever has been quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    period: Duration,
    pub burst: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("a rate is written 20/s or 20/s:100, by s, m, h or d")]
pub struct RateError;

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (rate, burst) = text.split_once(':').map_or((text, None), |(rate, burst)| (rate, Some(burst)));
        let (count, period) = rate.split_once('/').ok_or(RateError)?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0).ok_or(RateError)?;
        let seconds = match period.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(RateError),
        };
        let burst = match burst {
            None => count,
            Some(burst) => burst.trim().parse().ok().filter(|burst| *burst > 0).ok_or(RateError)?,
        };
        Ok(Self { count, period: Duration::from_secs(seconds), burst })
    }
}

impl Rate {
    /// The time that one request takes up.
    pub fn interval(&self) -> Duration {
        (self.period / self.count).max(Duration::from_nanos(1))
    }

    /// In how many seconds a whole burst comes back.
    pub fn window_seconds(&self) -> u64 {
        let window = self.interval() * self.burst;
        window.as_secs() + u64::from(window.subsec_nanos() > 0)
    }
}

/// The rate of each class, and what else limits one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    pub anon: Rate,
    pub user: Rate,
    pub login: Rate,
    pub write: Rate,
    /// Wrong passwords and codes for one account from one address.
    pub pair: Rate,
    /// The same from all addresses that the account never signed in from.
    pub account: Rate,
    /// How many requests of one address or account a process works on at once.
    pub concurrent: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_written() {
        let rate: Rate = "20/s:100".parse().unwrap();
        assert_eq!((rate.interval(), rate.burst, rate.window_seconds()), (Duration::from_millis(50), 100, 5));
        let rate: Rate = "30/m".parse().unwrap();
        assert_eq!((rate.interval(), rate.burst, rate.window_seconds()), (Duration::from_secs(2), 30, 60));
        for wrong in ["", "20", "0/s", "20/w", "20/s:0", "-1/s", "20/s:x"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
