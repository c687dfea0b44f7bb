//! Rows of `attempts`: the generic cell rate algorithm (ITU-T I.371), one row for each key.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Timestamptz};

use crate::schema::attempts;

/// Takes one of `burst` that come back one every `interval`; or tells how long to wait, and takes nothing.
///
/// One statement: of many at once, each sees what the one before it took.
pub(super) fn take(
    conn: &mut PgConnection,
    key: &[u8],
    (interval, burst): (TimeDelta, u32),
    now: DateTime<Utc>,
) -> QueryResult<Result<(), TimeDelta>> {
    let room = interval * i32::try_from(burst).unwrap_or(i32::MAX);
    let taken = diesel::sql_query(
        "insert into attempts as a (key, used_until) values ($1, $2 + $3 * interval '1 microsecond') \
         on conflict (key) do update set used_until = greatest(a.used_until, $2) + $3 * interval '1 microsecond' \
         where greatest(a.used_until, $2) + $3 * interval '1 microsecond' <= $2 + $4 * interval '1 microsecond'",
    )
    .bind::<Binary, _>(key)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(micros(interval))
    .bind::<BigInt, _>(micros(room))
    .execute(conn)?;
    if taken == 1 {
        return Ok(Ok(()));
    }
    let used_until = used_until(conn, key)?.unwrap_or(now);
    Ok(Err(used_until + interval - now - room))
}

/// Gives one back.
pub(super) fn give_back(conn: &mut PgConnection, key: &[u8], interval: TimeDelta) -> QueryResult<()> {
    diesel::sql_query("update attempts set used_until = used_until - $2 * interval '1 microsecond' where key = $1")
        .bind::<Binary, _>(key)
        .bind::<BigInt, _>(micros(interval))
        .execute(conn)
        .map(|_| ())
}

/// Remembers a key until then.
pub(super) fn remember(conn: &mut PgConnection, key: &[u8], until: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(attempts::table)
        .values((attempts::key.eq(key), attempts::used_until.eq(until)))
        .on_conflict(attempts::key)
        .do_update()
        .set(attempts::used_until.eq(until))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn used_until(conn: &mut PgConnection, key: &[u8]) -> QueryResult<Option<DateTime<Utc>>> {
    attempts::table.find(key).select(attempts::used_until).first(conn).optional()
}

/// Deletes up to `limit` that mean nothing any more, and tells how many.
pub(super) fn delete_unused(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let unused = attempts::table.filter(attempts::used_until.lt(now));
    let keys: Vec<Vec<u8>> = unused.select(attempts::key).limit(limit).load(conn)?;
    // Looked at again: it may have been used since.
    diesel::delete(attempts::table.filter(attempts::key.eq_any(keys)).filter(attempts::used_until.lt(now)))
        .execute(conn)
}

fn micros(delta: TimeDelta) -> i64 {
    delta.num_microseconds().unwrap_or(i64::MAX)
}
