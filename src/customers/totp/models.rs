//! Rows of `totp_devices`, `recovery_codes` and `factor_failures`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::query_dsl::methods;

use crate::platform::types::{UserId, new_uuid};
use crate::schema::{factor_failures, recovery_codes, totp_devices};

/// Number of wrong codes after which an unconfirmed app must be set up again.
const MAX_CONFIRMATION_FAILURES: i32 = 5;

/// Time within which a new app must be confirmed.
const CONFIRMATION_PERIOD: TimeDelta = TimeDelta::hours(1);

/// Row of `totp_devices`: the authenticator app of a user.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = totp_devices)]
pub(super) struct TotpDevice {
    user_id: UserId,
    /// Encrypted seed.
    pub seed: Vec<u8>,
    failures: i32,
    /// Time step of the last accepted code.
    pub last_step: Option<i64>,
    created_at: DateTime<Utc>,
    confirmed_at: Option<DateTime<Utc>>,
}

impl TotpDevice {
    /// Stores a new app in place of an unconfirmed one. Returns false if the user has a confirmed app.
    pub fn upsert_unconfirmed(
        conn: &mut PgConnection,
        user: UserId,
        seed: &[u8],
        now: DateTime<Utc>,
    ) -> QueryResult<bool> {
        let upsert = diesel::insert_into(totp_devices::table)
            .values((totp_devices::user_id.eq(user), totp_devices::seed.eq(seed), totp_devices::created_at.eq(now)))
            .on_conflict(totp_devices::user_id)
            .do_update()
            .set((totp_devices::seed.eq(seed), totp_devices::failures.eq(0), totp_devices::created_at.eq(now)));
        let stored = methods::FilterDsl::filter(upsert, totp_devices::confirmed_at.is_null()).execute(conn)?;
        Ok(stored == 1)
    }

    /// Locks the app of a user until the transaction ends.
    pub fn lock(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(totp_devices::user_id.eq(user)).for_update().first(conn).optional()
    }

    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// Returns true if the app is unconfirmed, recent enough and has few enough failures.
    pub fn can_be_confirmed(&self, now: DateTime<Utc>) -> bool {
        let is_recent = now - self.created_at < CONFIRMATION_PERIOD;
        self.confirmed_at.is_none() && is_recent && self.failures < MAX_CONFIRMATION_FAILURES
    }

    /// Counts a wrong code before the confirmation.
    pub fn record_failure(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::update(totp_devices::table.find(self.user_id))
            .set(totp_devices::failures.eq(totp_devices::failures + 1))
            .execute(conn)
    }

    pub fn confirm(&self, conn: &mut PgConnection, step: i64, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(totp_devices::table.find(self.user_id))
            .set((totp_devices::confirmed_at.eq(now), totp_devices::last_step.eq(step)))
            .execute(conn)
    }

    /// Invalidates the codes of this time step and of all earlier ones.
    pub fn set_last_step(&self, conn: &mut PgConnection, step: i64) -> QueryResult<usize> {
        diesel::update(totp_devices::table.find(self.user_id)).set(totp_devices::last_step.eq(step)).execute(conn)
    }

    /// Returns true if the user has a confirmed app.
    pub fn is_active(conn: &mut PgConnection, user: UserId) -> QueryResult<bool> {
        let confirmed = totp_devices::table.find(user).filter(totp_devices::confirmed_at.is_not_null());
        diesel::select(diesel::dsl::exists(confirmed)).get_result(conn)
    }

    pub fn delete(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(totp_devices::table.find(user)).execute(conn)
    }
}

/// Queries on `recovery_codes`, which stores hashes.
pub(super) struct RecoveryCode;

impl RecoveryCode {
    /// Replaces all recovery codes of a user.
    pub fn replace_all(
        conn: &mut PgConnection,
        user: UserId,
        hashes: &[Vec<u8>],
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        Self::delete_all(conn, user)?;
        let row = |hash| {
            (
                recovery_codes::id.eq(new_uuid()),
                recovery_codes::user_id.eq(user),
                recovery_codes::code_hash.eq(hash),
                recovery_codes::created_at.eq(now),
            )
        };
        let rows: Vec<_> = hashes.iter().map(row).collect();
        diesel::insert_into(recovery_codes::table).values(rows).execute(conn)
    }

    /// Marks a code as used. Returns false if the user has no such unused code.
    pub fn mark_used(conn: &mut PgConnection, user: UserId, hash: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
        let code = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        let code = code.filter(recovery_codes::code_hash.eq(hash)).filter(recovery_codes::used_at.is_null());
        Ok(diesel::update(code).set(recovery_codes::used_at.eq(now)).execute(conn)? == 1)
    }

    pub fn count_unused(conn: &mut PgConnection, user: UserId) -> QueryResult<i64> {
        let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        codes.filter(recovery_codes::used_at.is_null()).count().get_result(conn)
    }

    pub fn delete_all(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)
    }
}

/// Queries on `factor_failures`: rejected codes and passkeys of a user.
pub(super) struct FactorFailure;

impl FactorFailure {
    pub fn insert(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::insert_into(factor_failures::table)
            .values((
                factor_failures::id.eq(new_uuid()),
                factor_failures::user_id.eq(user),
                factor_failures::created_at.eq(now),
            ))
            .execute(conn)
    }

    pub fn count_since(conn: &mut PgConnection, user: UserId, since: DateTime<Utc>) -> QueryResult<i64> {
        let failures = factor_failures::table.filter(factor_failures::user_id.eq(user));
        failures.filter(factor_failures::created_at.gt(since)).count().get_result(conn)
    }

    /// Deletes up to `limit` failures from before `before`, and returns their number.
    pub fn delete_before(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let old = factor_failures::table.filter(factor_failures::created_at.lt(before));
        let ids: Vec<uuid::Uuid> = old.select(factor_failures::id).limit(limit).load(conn)?;
        diesel::delete(factor_failures::table.filter(factor_failures::id.eq_any(ids))).execute(conn)
    }
}
