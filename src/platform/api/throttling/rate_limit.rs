//! Rate-limit classes and the state of a limit.

use crate::platform::config::{RateLimit, RateLimits};

/// Rate-limit class of a request. Each class has a separate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLimitClass {
    /// Anonymous read.
    Anon,
    /// Authenticated read.
    User,
    /// Sign-in, registration, or another request that checks a secret.
    Login,
    /// Anonymous or authenticated write.
    Write,
}

impl RateLimitClass {
    pub(super) const ALL: [Self; 4] = [Self::Anon, Self::User, Self::Login, Self::Write];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::User => "user",
            Self::Login => "login",
            Self::Write => "write",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    pub(super) const fn rate(self, rates: &RateLimits) -> RateLimit {
        match self {
            Self::Anon => rates.anon,
            Self::User => rates.user,
            Self::Login => rates.login,
            Self::Write => rates.write,
        }
    }
}

/// Result of checking a request against its limits.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    Unlimited,
    Allowed(RateLimitState),
    RateExceeded(RateLimitState),
    /// Within the rate limit, but beyond the concurrency limit.
    TooManyConcurrent(RateLimitState),
}

/// State of a client's rate limit.
#[derive(Debug, Clone, Copy)]
pub struct RateLimitState {
    pub(super) class: RateLimitClass,
    pub(super) rate: RateLimit,
    pub(super) remaining: u32,
    /// Time until the next request is allowed, in seconds.
    pub(super) wait: f64,
}

impl RateLimitState {
    /// Returns the value of `Retry-After`: whole seconds, rounded up.
    pub fn retry_after(&self) -> u64 {
        whole_seconds(self.wait).max(1)
    }

    /// Returns true for the limit of sign-ins.
    pub fn is_login_limit(&self) -> bool {
        self.class == RateLimitClass::Login
    }

    /// Returns the value of `RateLimit-Policy`: `"write";q=40;w=8` is 40 requests in 8 seconds.
    pub fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.class.name(), self.rate.burst, self.rate.window_seconds())
    }

    /// Returns the value of `RateLimit`: `"write";r=39;t=1` is 39 requests left, and one more in 1 second.
    pub fn remaining(&self) -> String {
        format!("\"{}\";r={};t={}", self.class.name(), self.remaining, whole_seconds(self.wait))
    }
}

/// Rounds up to whole seconds.
#[expect(clippy::as_conversions, reason = "a waiting time is neither negative nor beyond 64 bits, and `as` saturates")]
fn whole_seconds(seconds: f64) -> u64 {
    seconds.ceil() as u64
}
