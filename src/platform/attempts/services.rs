//! An attempt is taken before the check and restored if the check succeeds.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::{Allowance, restore, store, take, used_until};
use crate::platform::api::network_of;
use crate::platform::app::App;
use crate::platform::audit::{AuditObject, record_denial_once};
use crate::platform::auth::MasterKey;
use crate::platform::config::{RateLimit, RateLimits};
use crate::platform::error::Problem;
use crate::platform::write_context::WriteContext;

/// Time during which an address counts as known after a sign-in.
const KNOWN_ADDRESS_LIFETIME: TimeDelta = TimeDelta::days(90);

/// An attempt that has been taken. It counts as failed unless [`succeeded`](Self::succeeded) is called.
#[derive(Debug, Clone)]
#[must_use = "a successful attempt must be restored"]
pub struct CountedAttempt {
    /// None if throttling is disabled.
    taken: Option<TakenAttempt>,
}

#[derive(Debug, Clone)]
struct TakenAttempt {
    keys: AttemptKeys,
    rates: RateLimits,
    is_known: bool,
}

#[derive(Debug, Clone)]
struct AttemptKeys {
    /// Counter of one account and one address.
    pair: Vec<u8>,
    /// Counter of one account and all its unknown addresses.
    account: Vec<u8>,
    /// Marks the address as known to the account.
    known: Vec<u8>,
}

/// Takes an attempt for `purpose` before the check starts, or returns 429 with the time to wait.
///
/// `account` is the normalized account name of the request, even if no such account exists. The counters are stored
/// under a keyed hash of it. Concurrent attempts are counted one after the other.
pub async fn start(
    app: &App,
    purpose: &'static str,
    account: &str,
    context: &WriteContext,
) -> Result<CountedAttempt, Problem> {
    let Some(rates) = app.config.throttle_rates else { return Ok(CountedAttempt { taken: None }) };
    let keys = AttemptKeys::new(&app.master_key, purpose, account, context);
    let (at, wanted) = (context.at, keys.clone());
    let taken = app.db.write(move |conn| -> Result<_, Problem> {
        let is_known = used_until(conn, &wanted.known)?.is_some_and(|until| until > at);
        match take_all(conn, &wanted, &rates, is_known, at)? {
            Ok(()) => Ok(is_known),
            // The rollback restores the attempts that this transaction has taken.
            Err(wait) => Err(Problem::throttled(u64::try_from(wait.num_seconds() + 1).unwrap_or(1).max(1))),
        }
    });
    match taken.await {
        Ok(is_known) => Ok(CountedAttempt { taken: Some(TakenAttempt { keys, rates, is_known }) }),
        Err(problem) => {
            if problem.status().as_u16() == 429 {
                let account = AuditObject::new("attempt", hex::encode(&keys.account));
                record_denial_once(app, context, "attempt.throttled", account, json!({"purpose": purpose})).await;
            }
            Err(problem)
        }
    }
}

impl CountedAttempt {
    /// Restores the attempt after a successful check and marks the address as known.
    pub async fn succeeded(self, app: &App) -> Result<(), Problem> {
        let Some(taken) = self.taken else { return Ok(()) };
        let until = app.clock.now() + KNOWN_ADDRESS_LIFETIME;
        let end = move |conn: &mut PgConnection| {
            taken.restore(conn)?;
            store(conn, &taken.keys.known, until)
        };
        app.db.write(end).await
    }

    /// Runs `check` and returns the attempt with its result. If the check itself fails with an error, the attempt is
    /// restored.
    pub async fn run_check<T>(
        self,
        app: &App,
        check: impl Future<Output = Result<T, Problem>>,
    ) -> Result<(Self, T), Problem> {
        match (check.await, self.taken) {
            (Ok(result), taken) => Ok((Self { taken }, result)),
            (Err(problem), None) => Err(problem),
            (Err(problem), Some(taken)) => {
                app.db.write(move |conn| taken.restore(conn)).await?;
                Err(problem)
            }
        }
    }
}

impl TakenAttempt {
    fn restore(&self, conn: &mut PgConnection) -> QueryResult<()> {
        restore(conn, &self.keys.pair, interval(self.rates.attempts_per_address.interval()))?;
        if self.is_known {
            return Ok(());
        }
        restore(conn, &self.keys.account, interval(self.rates.attempts_per_account.interval()))
    }
}

impl AttemptKeys {
    fn new(key: &MasterKey, purpose: &str, account: &str, context: &WriteContext) -> Self {
        let address = context.address.as_deref().and_then(|address| address.parse().ok());
        let network = address.map_or_else(|| "unknown".to_owned(), network_of);
        let digest = |kind: &str, purpose: &str, network: &str| {
            key.sign("attempt", json!([kind, purpose, account, network]).to_string().as_bytes())
        };
        Self {
            pair: digest("pair", purpose, &network),
            account: digest("account", purpose, ""),
            // A success for any purpose makes the address known.
            known: digest("known", "", &network),
        }
    }
}

/// Takes the counters in a fixed order, so that concurrent attempts cannot deadlock.
fn take_all(
    conn: &mut PgConnection,
    keys: &AttemptKeys,
    rates: &RateLimits,
    is_known: bool,
    now: DateTime<Utc>,
) -> QueryResult<Result<(), TimeDelta>> {
    if let Err(wait) = take(conn, &keys.pair, allowance(rates.attempts_per_address), now)? {
        return Ok(Err(wait));
    }
    if is_known {
        return Ok(Ok(()));
    }
    take(conn, &keys.account, allowance(rates.attempts_per_account), now)
}

fn allowance(limit: RateLimit) -> Allowance {
    Allowance { interval: interval(limit.interval()), burst: limit.burst }
}

fn interval(duration: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
