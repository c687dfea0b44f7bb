//! Things of a provider's that are fetched now and then, and kept.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::warn;

use super::OidcError;

/// How long something is good without asking again.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// How long it is good where the provider cannot be asked: a key that it withdrew is not believed for ever.
const STALE: TimeDelta = TimeDelta::hours(24);

/// However many strangers want something newer, the provider is asked once in this time.
const BETWEEN: TimeDelta = TimeDelta::seconds(60);

/// The same, while there is nothing to go on with.
const WITHOUT_ANY: TimeDelta = TimeDelta::seconds(5);

/// One thing, and when it was fetched.
pub(super) struct Kept<T> {
    found: RwLock<Option<(Arc<T>, DateTime<Utc>)>>,
    /// When it was asked for last. Held while asking: one asks for all.
    asked: tokio::sync::Mutex<Option<DateTime<Utc>>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { found: RwLock::default(), asked: tokio::sync::Mutex::default() }
    }
}

impl<T> Kept<T> {
    /// What is kept, if it is fresh and good enough; else what `fetch` brings, if it is time to ask. A provider that
    /// does not answer leaves us what we had, for a day.
    pub async fn get(
        &self,
        now: DateTime<Utc>,
        is_enough: impl Fn(&T) -> bool,
        fetch: impl AsyncFnOnce() -> Result<T, OidcError>,
    ) -> Result<Arc<T>, OidcError> {
        let enough =
            || self.found().filter(|(found, at)| now - *at < FRESH && is_enough(found)).map(|(found, _)| found);
        if let Some(found) = enough() {
            return Ok(found);
        }
        let mut asked = self.asked.lock().await;
        if let Some(found) = enough() {
            return Ok(found);
        }
        let known = self.found().filter(|(_, at)| now - *at < STALE).map(|(found, _)| found);
        let pause = if known.is_some() { BETWEEN } else { WITHOUT_ANY };
        if asked.is_some_and(|at| now - at < pause) {
            return known.ok_or_else(|| OidcError::Unavailable("it did not answer a moment ago".to_owned()));
        }
        *asked = Some(now);
        match (fetch().await, known) {
            (Ok(fetched), _) => Ok(self.keep(fetched, now)),
            (Err(error), Some(known)) => {
                warn!("A provider's keys or endpoints could not be renewed: {error}");
                Ok(known)
            }
            (Err(error), None) => Err(error),
        }
    }

    fn found(&self) -> Option<(Arc<T>, DateTime<Utc>)> {
        self.found.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, fetched: T, now: DateTime<Utc>) -> Arc<T> {
        let fetched = Arc::new(fetched);
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&fetched), now));
        fetched
    }
}
