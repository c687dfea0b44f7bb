//! Throttling: how often somebody may ask, by class of request.
//!
//! Counted in this process, or in Redis where instances share one; where Redis is lost, each process counts for
//! itself. Beside the rate, each process works on a few requests of one client at once. Strangers are known by their
//! address, as far as trusted proxies vouch for it, and in IPv6 by their /64, which is what one customer of a provider
//! has.

mod concurrency;
mod local;
mod shared;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;

use crate::platform::app::App;
use crate::platform::auth::Principal;
use crate::platform::config::{Rate, Rates, RedisSettings};
use crate::platform::http::client_address;
use concurrency::ConcurrencyLimit;
pub use concurrency::Permit;
use local::LocalLimits;
use shared::SharedLimits;

/// What sort of request it is; each has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A stranger reads.
    Anon,
    /// Somebody who is signed in reads.
    User,
    /// Anybody signs in or registers.
    Login,
    /// Anybody changes something.
    Write,
}

impl Class {
    const ALL: [Self; 4] = [Self::Anon, Self::User, Self::Login, Self::Write];

    const fn name(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::User => "user",
            Self::Login => "login",
            Self::Write => "write",
        }
    }

    const fn rate(self, rates: &Rates) -> Rate {
        match self {
            Self::Anon => rates.anon,
            Self::User => rates.user,
            Self::Login => rates.login,
            Self::Write => rates.write,
        }
    }
}

/// Where passwords and mailed tokens are tried, and accounts and mails are made.
const LOGIN_PATHS: [&str; 17] = [
    "/api/auth/login/",
    "/api/auth/token/",
    "/api/token/",
    "/api/auth/registration/",
    "/api/auth/registration/verify-email/",
    "/api/auth/registration/resend-email/",
    "/api/auth/password/change/",
    "/api/auth/password/reset/",
    "/api/auth/password/reset/confirm/",
    "/api/auth/email/change/",
    "/api/auth/email/change/confirm/",
    "/api/customers/me/delete/",
    "/api/auth/mfa/verify/",
    "/api/auth/mfa/passkeys/verify/begin/",
    "/api/auth/mfa/passkeys/verify/finish/",
    "/api/auth/mfa/passkeys/login/begin/",
    "/api/auth/mfa/passkeys/login/finish/",
];

/// Where others are asked who somebody is: there, to read is to try as well.
const LOGIN_ELSEWHERE: [&str; 2] = ["/api/auth/google/", "/api/auth/oidc/"];

/// Counts requests and says when there are too many.
pub struct Throttle(Option<Limits>);

struct Limits {
    rates: Rates,
    concurrency: Arc<ConcurrencyLimit>,
    local: LocalLimits,
    shared: Option<SharedLimits>,
}

/// What a limit says of a request.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    Unlimited,
    Passed(Throttled),
    Refused(Throttled),
    /// Within the rate, but too many of the client's requests are worked on.
    TooManyInFlight(Throttled),
}

/// Where somebody stands with a limit.
#[derive(Debug, Clone, Copy)]
pub struct Throttled {
    class: Class,
    rate: Rate,
    remaining: u32,
    /// Until one more is allowed, in seconds.
    wait: f64,
}

impl Throttled {
    /// Whole seconds, rounded up.
    pub fn retry_after(&self) -> u64 {
        whole_seconds(self.wait).max(1)
    }

    /// Whether it is passwords that are tried too often.
    pub fn is_of_login(&self) -> bool {
        self.class == Class::Login
    }

    /// `"write";q=40;w=8`: so many within so many seconds.
    pub fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.class.name(), self.rate.burst, self.rate.window_seconds())
    }

    /// `"write";r=39;t=1`: so many are left, and in so many seconds there is more.
    pub fn remaining(&self) -> String {
        format!("\"{}\";r={};t={}", self.class.name(), self.remaining, whole_seconds(self.wait))
    }
}

impl Throttle {
    /// `None`: nobody is counted, for benchmarks and tests.
    pub fn new(rates: Option<Rates>, redis: Option<&RedisSettings>) -> anyhow::Result<Self> {
        let Some(rates) = rates else { return Ok(Self(None)) };
        let shared = redis.map(SharedLimits::new).transpose()?;
        let concurrency = Arc::new(ConcurrencyLimit::new(rates.concurrent));
        Ok(Self(Some(Limits { rates, concurrency, local: LocalLimits::new(&rates), shared })))
    }

    /// Whether a request may be worked on, and the permit to hold as long as it is.
    pub async fn look_at(
        &self,
        request: &HttpRequest,
        app: &App,
        principal: Option<&Principal>,
    ) -> (Verdict, Option<Permit>) {
        let path = request.path();
        let limits = match &self.0 {
            Some(limits) if path.starts_with("/api/") && !path.starts_with("/api/docs") => limits,
            _ => return (Verdict::Unlimited, None),
        };
        let is_elsewhere = LOGIN_ELSEWHERE.iter().any(|prefix| path.starts_with(prefix));
        let is_login = is_elsewhere || (LOGIN_PATHS.contains(&path) && request.method() == Method::POST);
        let is_write = !request.method().is_safe();
        let class = match principal {
            _ if is_login => Class::Login,
            _ if is_write => Class::Write,
            Some(_) => Class::User,
            None => Class::Anon,
        };
        let who = match principal {
            // Whoever tries passwords is not believed to be anybody.
            Some(principal) if !is_login => principal.key(),
            _ => client_address(request, app).map_or_else(|| "nobody".to_owned(), network_of),
        };
        let verdict = limits.count(class, &who).await;
        let Verdict::Passed(state) = verdict else { return (verdict, None) };
        match limits.concurrency.acquire(&who).await {
            Some(permit) => (verdict, Some(permit)),
            None => (Verdict::TooManyInFlight(state), None),
        }
    }
}

impl Limits {
    async fn count(&self, class: Class, who: &str) -> Verdict {
        let rate = class.rate(&self.rates);
        if let Some(shared) = &self.shared
            && let Some(verdict) = shared.count(class, rate, who).await
        {
            return verdict;
        }
        self.local.count(class, rate, who)
    }
}

/// Rounded up.
#[expect(clippy::as_conversions, reason = "a waiting time is neither negative nor beyond 64 bits, and `as` saturates")]
fn whole_seconds(seconds: f64) -> u64 {
    seconds.ceil() as u64
}

/// One address in IPv4, one network in IPv6: whoever has one address there has 2^64.
pub fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_stranger() {
        let prefix = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(prefix("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:2:ffff::"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
        assert_eq!(prefix("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(prefix("192.0.2.1"), "192.0.2.1");
    }
}
