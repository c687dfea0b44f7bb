//! Rows of second factors, and of the tries to show one.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::query_dsl::methods;
use serde_json::Value;

use super::errors::MfaError;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{UserId, new_uuid, text_enum, typed_id};
use crate::schema::{factor_failures, passkey_ceremonies, passkeys, recovery_codes, totp_devices};

typed_id!(
    /// A passkey of somebody's.
    PasskeyId
);

/// So many wrong codes before an app is confirmed, and its setting up is over.
const CONFIRMATION_TRIES: i32 = 5;

/// For how long an app may wait for its first code.
const CONFIRMABLE: TimeDelta = TimeDelta::hours(1);

/// Somebody's app for codes.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = totp_devices)]
pub(super) struct TotpDevice {
    user_id: UserId,
    /// Sealed.
    pub seed: Vec<u8>,
    failures: i32,
    pub last_step: Option<i64>,
    created_at: DateTime<Utc>,
    confirmed_at: Option<DateTime<Utc>>,
}

impl TotpDevice {
    /// A new one in place of one that was never confirmed; false where there is one that was.
    pub fn begin(conn: &mut PgConnection, user: UserId, seed: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
        let upsert = diesel::insert_into(totp_devices::table)
            .values((totp_devices::user_id.eq(user), totp_devices::seed.eq(seed), totp_devices::created_at.eq(now)))
            .on_conflict(totp_devices::user_id)
            .do_update()
            .set((totp_devices::seed.eq(seed), totp_devices::failures.eq(0), totp_devices::created_at.eq(now)));
        let begun = methods::FilterDsl::filter(upsert, totp_devices::confirmed_at.is_null()).execute(conn)?;
        Ok(begun == 1)
    }

    pub fn lock(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(totp_devices::user_id.eq(user)).for_update().first(conn).optional()
    }

    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    pub fn is_confirmable(&self, now: DateTime<Utc>) -> bool {
        self.confirmed_at.is_none() && now - self.created_at < CONFIRMABLE && self.failures < CONFIRMATION_TRIES
    }

    pub fn fail(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::update(totp_devices::table.find(self.user_id))
            .set(totp_devices::failures.eq(totp_devices::failures + 1))
            .execute(conn)
    }

    pub fn confirm(&self, conn: &mut PgConnection, step: i64, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(totp_devices::table.find(self.user_id))
            .set((totp_devices::confirmed_at.eq(now), totp_devices::last_step.eq(step)))
            .execute(conn)
    }

    /// No code of this step or before is taken again.
    pub fn spend(&self, conn: &mut PgConnection, step: i64) -> QueryResult<usize> {
        diesel::update(totp_devices::table.find(self.user_id)).set(totp_devices::last_step.eq(step)).execute(conn)
    }

    /// Whether somebody has one that counts.
    pub fn is_active(conn: &mut PgConnection, user: UserId) -> QueryResult<bool> {
        let active = totp_devices::table.find(user).filter(totp_devices::confirmed_at.is_not_null());
        diesel::select(diesel::dsl::exists(active)).get_result(conn)
    }

    pub fn delete(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(totp_devices::table.find(user)).execute(conn)
    }
}

/// Codes for when nothing else is at hand, by their hashes.
pub(super) struct RecoveryCodes;

impl RecoveryCodes {
    /// These in place of all that somebody had.
    pub fn replace(
        conn: &mut PgConnection,
        user: UserId,
        hashes: &[Vec<u8>],
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        Self::delete(conn, user)?;
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

    /// Spends one; false where there is no such code, or it was spent before.
    pub fn spend(conn: &mut PgConnection, user: UserId, hash: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
        let code = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        let code = code.filter(recovery_codes::code_hash.eq(hash)).filter(recovery_codes::used_at.is_null());
        Ok(diesel::update(code).set(recovery_codes::used_at.eq(now)).execute(conn)? == 1)
    }

    pub fn left(conn: &mut PgConnection, user: UserId) -> QueryResult<i64> {
        let unused = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        unused.filter(recovery_codes::used_at.is_null()).count().get_result(conn)
    }

    pub fn delete(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)
    }
}

/// A passkey, as far as the shop knows it.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = passkeys)]
pub(super) struct Passkey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub credential: Value,
    pub name: String,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Passkey {
    /// The oldest first.
    pub fn of_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(passkeys::user_id.eq(user)).order((passkeys::created_at, passkeys::id)).load(conn)
    }

    pub fn find(conn: &mut PgConnection, id: PasskeyId, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(passkeys::id.eq(id).and(passkeys::user_id.eq(user))).first(conn).optional()
    }

    pub fn lock(conn: &mut PgConnection, id: PasskeyId, user: UserId) -> QueryResult<Option<Self>> {
        let own = passkeys::id.eq(id).and(passkeys::user_id.eq(user));
        Self::query().filter(own).for_update().first(conn).optional()
    }

    pub fn lock_credential(conn: &mut PgConnection, credential_id: &[u8]) -> QueryResult<Option<Self>> {
        Self::query().filter(passkeys::credential_id.eq(credential_id)).for_update().first(conn).optional()
    }

    pub fn insert(
        conn: &mut PgConnection,
        user: UserId,
        credential: (&[u8], &Value),
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, MfaError> {
        let (credential_id, credential) = credential;
        diesel::insert_into(passkeys::table)
            .values((
                passkeys::id.eq(PasskeyId::generate()),
                passkeys::user_id.eq(user),
                passkeys::credential_id.eq(credential_id),
                passkeys::credential.eq(credential),
                passkeys::name.eq(name),
                passkeys::created_at.eq(now),
                passkeys::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("passkeys_credential_id_key", || MfaError::PasskeyKnown)
    }

    /// Remembers its counter, by which a copy would be noticed.
    pub fn note_use(&self, conn: &mut PgConnection, credential: &Value, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(passkeys::table.find(self.id))
            .set((passkeys::credential.eq(credential), passkeys::last_used_at.eq(now)))
            .execute(conn)
    }

    pub fn rename(&self, conn: &mut PgConnection, name: Option<String>, now: DateTime<Utc>) -> QueryResult<Self> {
        diesel::update(passkeys::table.find(self.id))
            .set((
                name.map(|name| passkeys::name.eq(name)),
                passkeys::version.eq(passkeys::version + 1),
                passkeys::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(passkeys::table.find(self.id)).execute(conn)
    }

    pub fn delete_of(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).execute(conn)
    }
}

text_enum! {
    /// What a challenge to a passkey is for.
    pub enum CeremonyKind {
        Registration = "registration",
        SecondFactor = "second_factor",
        /// Nobody knows yet who it is.
        SignIn = "sign_in",
    }
}

/// How long somebody may look for their key.
const CEREMONY: TimeDelta = TimeDelta::minutes(5);

/// A challenge that a passkey has not answered yet.
pub(super) struct Ceremony {
    pub kind: CeremonyKind,
    /// None for signing in.
    pub user: Option<UserId>,
}

impl Ceremony {
    pub fn begin(
        &self,
        conn: &mut PgConnection,
        challenge_hash: &[u8],
        state: &Value,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::insert_into(passkey_ceremonies::table)
            .values((
                passkey_ceremonies::id.eq(new_uuid()),
                passkey_ceremonies::kind.eq(self.kind),
                passkey_ceremonies::user_id.eq(self.user),
                passkey_ceremonies::challenge_hash.eq(challenge_hash),
                passkey_ceremonies::state.eq(state),
                passkey_ceremonies::created_at.eq(now),
                passkey_ceremonies::expires_at.eq(now + CEREMONY),
            ))
            .execute(conn)
    }

    /// What was asked, taken away: a challenge is answered once. None where it is not of this kind and user, or late.
    pub fn take(
        &self,
        conn: &mut PgConnection,
        challenge_hash: &[u8],
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Value>> {
        let this = passkey_ceremonies::table.filter(passkey_ceremonies::challenge_hash.eq(challenge_hash));
        let this = this.filter(passkey_ceremonies::kind.eq(self.kind));
        let this = this.filter(passkey_ceremonies::user_id.is_not_distinct_from(self.user));
        let state = diesel::delete(this.filter(passkey_ceremonies::expires_at.gt(now)));
        state.returning(passkey_ceremonies::state).get_result(conn).optional()
    }

    /// Deletes up to `limit` that expired before `before`, and tells how many.
    pub fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let expired = passkey_ceremonies::table.filter(passkey_ceremonies::expires_at.lt(before));
        let ids: Vec<uuid::Uuid> = expired.select(passkey_ceremonies::id).limit(limit).load(conn)?;
        diesel::delete(passkey_ceremonies::table.filter(passkey_ceremonies::id.eq_any(ids))).execute(conn)
    }
}

/// Wrong tries of somebody's, whatever they tried.
pub(super) struct Failures;

impl Failures {
    pub fn note(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::insert_into(factor_failures::table)
            .values((
                factor_failures::id.eq(new_uuid()),
                factor_failures::user_id.eq(user),
                factor_failures::created_at.eq(now),
            ))
            .execute(conn)
    }

    pub fn since(conn: &mut PgConnection, user: UserId, since: DateTime<Utc>) -> QueryResult<i64> {
        let recent = factor_failures::table.filter(factor_failures::user_id.eq(user));
        recent.filter(factor_failures::created_at.gt(since)).count().get_result(conn)
    }

    /// Deletes up to `limit` from before `before`, and tells how many.
    pub fn delete_old(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let old = factor_failures::table.filter(factor_failures::created_at.lt(before));
        let ids: Vec<uuid::Uuid> = old.select(factor_failures::id).limit(limit).load(conn)?;
        diesel::delete(factor_failures::table.filter(factor_failures::id.eq_any(ids))).execute(conn)
    }
}
