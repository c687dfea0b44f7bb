//! Cache for documents of a provider.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::warn;

use super::OidcError;

/// Age after which a value is fetched again.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);

/// Age until which a value is used while the provider is unavailable. It is limited, because a provider can revoke a
/// key.
const MAX_STALE_AGE: TimeDelta = TimeDelta::hours(24);

/// Minimum time between two requests to the provider. Limits the requests that tokens with unknown keys can cause.
const RETRY_INTERVAL: TimeDelta = TimeDelta::seconds(60);

/// Minimum time between two requests while there is no usable value.
const RETRY_INTERVAL_WHEN_EMPTY: TimeDelta = TimeDelta::seconds(5);

/// Value with the time of its fetch.
pub(super) struct RefreshingCache<T> {
    cached: RwLock<Option<(Arc<T>, DateTime<Utc>)>>,
    /// Time of the last request. The lock is held during a request, so that concurrent callers share one.
    last_request: tokio::sync::Mutex<Option<DateTime<Utc>>>,
}

impl<T> Default for RefreshingCache<T> {
    fn default() -> Self {
        Self { cached: RwLock::default(), last_request: tokio::sync::Mutex::default() }
    }
}

impl<T> RefreshingCache<T> {
    /// Returns the cached value if it is fresh and `is_sufficient`; otherwise fetches a new one, unless the last
    /// request was a moment ago. If the fetch fails, returns the cached value for up to a day.
    pub async fn get(
        &self,
        now: DateTime<Utc>,
        is_sufficient: impl Fn(&T) -> bool,
        fetch: impl AsyncFnOnce() -> Result<T, OidcError>,
    ) -> Result<Arc<T>, OidcError> {
        let fresh = || {
            let cached = self.cached().filter(|(value, at)| now - *at < MAX_AGE && is_sufficient(value));
            cached.map(|(value, _)| value)
        };
        if let Some(value) = fresh() {
            return Ok(value);
        }
        let mut last_request = self.last_request.lock().await;
        if let Some(value) = fresh() {
            return Ok(value);
        }
        let stale = self.cached().filter(|(_, at)| now - *at < MAX_STALE_AGE).map(|(value, _)| value);
        let interval = if stale.is_some() { RETRY_INTERVAL } else { RETRY_INTERVAL_WHEN_EMPTY };
        if last_request.is_some_and(|at| now - at < interval) {
            return stale.ok_or_else(|| OidcError::Unavailable("the last request failed a moment ago".to_owned()));
        }
        *last_request = Some(now);
        match (fetch().await, stale) {
            (Ok(fetched), _) => Ok(self.store(fetched, now)),
            (Err(error), Some(stale)) => {
                warn!("Refreshing keys or endpoints of an identity provider failed: {error}");
                Ok(stale)
            }
            (Err(error), None) => Err(error),
        }
    }

    fn cached(&self) -> Option<(Arc<T>, DateTime<Utc>)> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self, fetched: T, now: DateTime<Utc>) -> Arc<T> {
        let fetched = Arc::new(fetched);
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&fetched), now));
        fetched
    }
}
