//! Throttling: rate limits by class of request, and a concurrency limit for each client.
//!
//! Requests are counted in Redis if instances share one, otherwise in this process; if Redis fails, each process counts
//! separately. Anonymous clients are identified by the address that trusted proxies report. In IPv6 this is the /64
//! network, because a provider assigns at least one /64 to each customer.

mod concurrency;
mod local;
mod rate_limit;
mod shared;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use actix_web::HttpRequest;

use crate::platform::app::App;
use crate::platform::auth::Principal;
use crate::platform::config::{RateLimits, RedisSettings};
use crate::platform::http::client_address;
use concurrency::ConcurrencyLimit;
pub use concurrency::Permit;
use local::LocalLimits;
pub use rate_limit::{RateLimitClass, RateLimitState, Verdict};
use shared::SharedLimits;

/// Checks the rate limits and the concurrency limit of requests. None disables throttling.
pub struct Throttle(Option<Limits>);

struct Limits {
    rates: RateLimits,
    concurrency: Arc<ConcurrencyLimit>,
    local: LocalLimits,
    shared: Option<SharedLimits>,
}

impl Throttle {
    /// Creates the limits. Without `rates`, nothing is limited (benchmarks and tests).
    pub fn new(rates: Option<RateLimits>, redis: Option<&RedisSettings>) -> anyhow::Result<Self> {
        let Some(rates) = rates else { return Ok(Self(None)) };
        let shared = redis.map(SharedLimits::new).transpose()?;
        let concurrency = Arc::new(ConcurrencyLimit::new(rates.concurrent));
        Ok(Self(Some(Limits { rates, concurrency, local: LocalLimits::new(&rates), shared })))
    }

    /// Checks a request against its limits. Returns the permit to keep while the request is executed.
    pub async fn check(
        &self,
        request: &HttpRequest,
        app: &App,
        principal: Option<&Principal>,
        declared: Option<RateLimitClass>,
    ) -> (Verdict, Option<Permit>) {
        let path = request.path();
        let limits = match &self.0 {
            Some(limits) if path.starts_with("/api/") && !path.starts_with("/api/docs") => limits,
            _ => return (Verdict::Unlimited, None),
        };
        let is_write = !request.method().is_safe();
        let class = declared.unwrap_or(match principal {
            _ if is_write => RateLimitClass::Write,
            Some(_) => RateLimitClass::User,
            None => RateLimitClass::Anon,
        });
        let client = match principal {
            // A sign-in attempt is counted for its address, even if it sends valid credentials.
            Some(principal) if class != RateLimitClass::Login => principal.key(),
            _ => client_address(request, &app.config.trusted_proxies).map_or_else(|| "unknown".to_owned(), network_of),
        };
        let verdict = limits.count(class, &client).await;
        let Verdict::Allowed(state) = verdict else { return (verdict, None) };
        match limits.concurrency.acquire(&client).await {
            Some(permit) => (verdict, Some(permit)),
            None => (Verdict::TooManyConcurrent(state), None),
        }
    }
}

impl Limits {
    async fn count(&self, class: RateLimitClass, client: &str) -> Verdict {
        let rate = class.rate(&self.rates);
        if let Some(shared) = &self.shared
            && let Some(verdict) = shared.count(class, rate, client).await
        {
            return verdict;
        }
        self.local.count(class, rate, client)
    }
}

/// Returns an IPv4 address, or the /64 network of an IPv6 address, because a client can use every address of its
/// network.
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
    fn addresses_of_one_ipv6_network_are_one_client() {
        let prefix = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(prefix("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:2:ffff::"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
        assert_eq!(prefix("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(prefix("192.0.2.1"), "192.0.2.1");
    }
}
