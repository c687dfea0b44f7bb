//! Sign-ins that wait for a second factor.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::types::{UserId, new_uuid};
use crate::schema::{passkeys, recovery_codes, sign_in_challenges, totp_devices};

/// How long somebody may look for their telephone.
const PATIENCE: TimeDelta = TimeDelta::seconds(300);

/// So many wrong codes, and the challenge is over.
const TRIES: i32 = 5;

/// A second factor, or what stands in for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Totp,
    RecoveryCode,
    Passkey,
}

impl Method {
    /// Its name, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }
}

/// What a user can show besides a password; nothing where they have no second factor.
pub(super) fn methods_of(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Method>> {
    let totp = totp_devices::table.find(user).filter(totp_devices::confirmed_at.is_not_null());
    let codes =
        recovery_codes::table.filter(recovery_codes::user_id.eq(user)).filter(recovery_codes::used_at.is_null());
    let keys = passkeys::table.filter(passkeys::user_id.eq(user));
    let (has_totp, has_codes, has_passkey): (bool, bool, bool) =
        diesel::select((exists(totp), exists(codes), exists(keys))).first(conn)?;
    let has = [
        (has_totp, Method::Totp),
        (has_codes && (has_totp || has_passkey), Method::RecoveryCode),
        (has_passkey, Method::Passkey),
    ];
    Ok(has.into_iter().filter_map(|(has, method)| has.then_some(method)).collect())
}

/// Whether a user can sign in with a passkey.
pub fn has_passkey(conn: &mut PgConnection, user: UserId) -> QueryResult<bool> {
    diesel::select(exists(passkeys::table.filter(passkeys::user_id.eq(user)))).first(conn)
}

/// Somebody has shown one factor, and the other is awaited.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = sign_in_challenges)]
pub struct Challenge {
    id: uuid::Uuid,
    pub user_id: UserId,
    failures: i32,
    expires_at: DateTime<Utc>,
    met_at: Option<DateTime<Utc>>,
}

impl Challenge {
    pub(super) fn insert(
        conn: &mut PgConnection,
        user: UserId,
        token_hash: &[u8],
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::insert_into(sign_in_challenges::table)
            .values((
                sign_in_challenges::id.eq(new_uuid()),
                sign_in_challenges::user_id.eq(user),
                sign_in_challenges::token_hash.eq(token_hash),
                sign_in_challenges::created_at.eq(now),
                sign_in_challenges::expires_at.eq(now + PATIENCE),
            ))
            .execute(conn)
    }

    /// The challenge of this token, locked; none where it is met, over, or was failed too often.
    pub(super) fn lock(conn: &mut PgConnection, token_hash: &[u8], now: DateTime<Utc>) -> QueryResult<Option<Self>> {
        let found = Self::query().filter(sign_in_challenges::token_hash.eq(token_hash)).for_update();
        let found = found.first(conn).optional()?;
        Ok(found
            .filter(|challenge| challenge.met_at.is_none() && challenge.expires_at > now && challenge.failures < TRIES))
    }

    /// Counts a wrong answer.
    pub fn fail(&self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::update(sign_in_challenges::table.find(self.id))
            .set(sign_in_challenges::failures.eq(sign_in_challenges::failures + 1))
            .execute(conn)
            .map(|_| ())
    }

    pub(super) fn meet(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(sign_in_challenges::table.find(self.id))
            .set(sign_in_challenges::met_at.eq(now))
            .execute(conn)
            .map(|_| ())
    }

    /// Whatever a user has begun is over.
    pub(super) fn delete_of(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(sign_in_challenges::table.filter(sign_in_challenges::user_id.eq(user))).execute(conn)
    }

    /// Deletes up to `limit` that expired before `before`, and tells how many.
    pub(super) fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let expired = sign_in_challenges::table.filter(sign_in_challenges::expires_at.lt(before));
        let ids: Vec<uuid::Uuid> = expired.select(sign_in_challenges::id).limit(limit).load(conn)?;
        diesel::delete(sign_in_challenges::table.filter(sign_in_challenges::id.eq_any(ids))).execute(conn)
    }
}
