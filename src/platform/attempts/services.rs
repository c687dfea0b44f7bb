//! Taking an attempt before the work, and giving it back where it was right.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::models::{give_back, remember, take, used_until};
use crate::platform::api::network_of;
use crate::platform::app::App;
use crate::platform::audit::{Origin, note_once};
use crate::platform::auth::MasterKey;
use crate::platform::config::Rates;
use crate::platform::error::Problem;

/// How long an account remembers an address that it signed in from.
const KNOWN_FOR: TimeDelta = TimeDelta::days(90);

/// An attempt that was taken. What is dropped has failed, and counts.
#[derive(Debug, Clone)]
#[must_use = "an attempt that succeeds is given back"]
pub struct Attempt {
    /// None where nobody is counted.
    taken: Option<Taken>,
}

#[derive(Debug, Clone)]
struct Taken {
    keys: Keys,
    rates: Rates,
    is_known: bool,
}

#[derive(Debug, Clone)]
struct Keys {
    /// One account from one address.
    pair: Vec<u8>,
    /// One account from all addresses that it does not know.
    account: Vec<u8>,
    /// That the account knows the address.
    known: Vec<u8>,
}

/// Takes an attempt at `purpose`, before any work is done for it, or answers 429 with the time to wait.
///
/// `account` is what was typed in the form that accounts are kept by, whether there is one or not; counters are kept
/// under a digest of it. Many at once are counted one after the other.
pub async fn begin(app: &App, purpose: &'static str, account: &str, origin: &Origin) -> Result<Attempt, Problem> {
    let Some(rates) = app.config.throttle_rates else { return Ok(Attempt { taken: None }) };
    let keys = Keys::of(&app.master_key, purpose, account, origin);
    let (at, wanted) = (origin.at, keys.clone());
    let taken = app.db.write(move |conn| -> Result<_, Problem> {
        let is_known = used_until(conn, &wanted.known)?.is_some_and(|until| until > at);
        match take_all(conn, &wanted, &rates, is_known, at)? {
            Ok(()) => Ok(is_known),
            // Whatever was taken before is given back with the transaction.
            Err(wait) => Err(Problem::throttled(u64::try_from(wait.num_seconds() + 1).unwrap_or(1).max(1))),
        }
    });
    match taken.await {
        Ok(is_known) => Ok(Attempt { taken: Some(Taken { keys, rates, is_known }) }),
        Err(problem) => {
            if problem.status().as_u16() == 429 {
                let account = ("attempt", hex::encode(&keys.account));
                note_once(app, origin, "attempt.throttled", account, json!({"purpose": purpose})).await;
            }
            Err(problem)
        }
    }
}

impl Attempt {
    /// It was right: it does not count, and the account knows the address from now on.
    pub async fn succeeded(self, app: &App) -> Result<(), Problem> {
        let Some(taken) = self.taken else { return Ok(()) };
        let until = app.clock.now() + KNOWN_FOR;
        let end = move |conn: &mut PgConnection| {
            taken.give_back(conn)?;
            remember(conn, &taken.keys.known, until)
        };
        app.db.write(end).await
    }

    /// Waits for `check`, and hands the attempt back with what was found. Where it could not be checked, it does not
    /// count.
    pub async fn check_with<T>(
        self,
        app: &App,
        check: impl Future<Output = Result<T, Problem>>,
    ) -> Result<(Self, T), Problem> {
        match (check.await, self.taken) {
            (Ok(found), taken) => Ok((Self { taken }, found)),
            (Err(problem), None) => Err(problem),
            (Err(problem), Some(taken)) => {
                app.db.write(move |conn| taken.give_back(conn)).await?;
                Err(problem)
            }
        }
    }
}

impl Taken {
    fn give_back(&self, conn: &mut PgConnection) -> QueryResult<()> {
        give_back(conn, &self.keys.pair, interval(self.rates.pair.interval()))?;
        if self.is_known {
            return Ok(());
        }
        give_back(conn, &self.keys.account, interval(self.rates.account.interval()))
    }
}

impl Keys {
    fn of(key: &MasterKey, purpose: &str, account: &str, origin: &Origin) -> Self {
        let address = origin.address.as_deref().and_then(|address| address.parse().ok());
        let network = address.map_or_else(|| "nowhere".to_owned(), network_of);
        let digest = |kind: &str, purpose: &str, network: &str| {
            key.sign("attempt", json!([kind, purpose, account, network]).to_string().as_bytes())
        };
        Self {
            pair: digest("pair", purpose, &network),
            account: digest("account", purpose, ""),
            // Whatever it was that succeeded there.
            known: digest("known", "", &network),
        }
    }
}

/// The pair first, always: two at once wait for each other and never deadlock.
fn take_all(
    conn: &mut PgConnection,
    keys: &Keys,
    rates: &Rates,
    is_known: bool,
    now: DateTime<Utc>,
) -> QueryResult<Result<(), TimeDelta>> {
    let pair = (interval(rates.pair.interval()), rates.pair.burst);
    if let Err(wait) = take(conn, &keys.pair, pair, now)? {
        return Ok(Err(wait));
    }
    if is_known {
        return Ok(Ok(()));
    }
    take(conn, &keys.account, (interval(rates.account.interval()), rates.account.burst), now)
}

fn interval(duration: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
