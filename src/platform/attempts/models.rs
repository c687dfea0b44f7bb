//! Queries for `attempts`: the generic cell rate algorithm (ITU-T I.371), with one row per key.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Timestamptz};

use crate::schema::attempts;

/// Allowance of a key: `burst` attempts, of which one is restored every `interval`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    pub interval: TimeDelta,
    pub burst: u32,
}

/// Takes one attempt. If none is left, takes nothing and returns the time to wait.
///
/// A single statement, so that concurrent attempts are counted one after the other.
pub(super) fn take(
    conn: &mut PgConnection,
    key: &[u8],
    allowance: Allowance,
    now: DateTime<Utc>,
) -> QueryResult<Result<(), TimeDelta>> {
    let Allowance { interval, burst } = allowance;
    let capacity = interval * i32::try_from(burst).unwrap_or(i32::MAX);
    let taken = diesel::sql_query(
        "insert into attempts as a (key, used_until) values ($1, $2 + $3 * interval '1 microsecond') \
         on conflict (key) do update set used_until = greatest(a.used_until, $2) + $3 * interval '1 microsecond' \
         where greatest(a.used_until, $2) + $3 * interval '1 microsecond' <= $2 + $4 * interval '1 microsecond'",
    )
    .bind::<Binary, _>(key)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(micros(interval))
    .bind::<BigInt, _>(micros(capacity))
    .execute(conn)?;
    if taken == 1 {
        return Ok(Ok(()));
    }
    let used_until = used_until(conn, key)?.unwrap_or(now);
    Ok(Err(used_until + interval - now - capacity))
}

/// Restores one attempt.
pub(super) fn restore(conn: &mut PgConnection, key: &[u8], interval: TimeDelta) -> QueryResult<()> {
    diesel::sql_query("update attempts set used_until = used_until - $2 * interval '1 microsecond' where key = $1")
        .bind::<Binary, _>(key)
        .bind::<BigInt, _>(micros(interval))
        .execute(conn)
        .map(|_| ())
}

/// Stores a key until `until`.
pub(super) fn store(conn: &mut PgConnection, key: &[u8], until: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(attempts::table)
        .values((attempts::key.eq(key), attempts::used_until.eq(until)))
        .on_conflict(attempts::key)
        .do_update()
        .set(attempts::used_until.eq(until))
        .execute(conn)
        .map(|_| ())
}

/// Returns the time until which the attempts of a key are used, or until which the key is stored.
pub(super) fn used_until(conn: &mut PgConnection, key: &[u8]) -> QueryResult<Option<DateTime<Utc>>> {
    attempts::table.find(key).select(attempts::used_until).first(conn).optional()
}

/// Deletes up to `limit` rows that have no effect any longer, and returns their number.
pub(super) fn delete_expired(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let expired = attempts::table.filter(attempts::used_until.lt(now));
    let keys: Vec<Vec<u8>> = expired.select(attempts::key).limit(limit).load(conn)?;
    // Check again: a key can have been used since.
    diesel::delete(attempts::table.filter(attempts::key.eq_any(keys)).filter(attempts::used_until.lt(now)))
        .execute(conn)
}

fn micros(delta: TimeDelta) -> i64 {
    delta.num_microseconds().unwrap_or(i64::MAX)
}
