//! Rows of `sessions` and `sign_in_challenges`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::types::{CustomerId, Email, SessionId, UserId, new_uuid};
use crate::platform::write_context::WriteContext;
use crate::schema::{customers, passkeys, sessions, sign_in_challenges, totp_devices, users};

/// Row of `sessions`: a family of refresh tokens.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// Number of refreshes, plus one.
    pub generation: i32,
    pub refresh_hash: Vec<u8>,
    pub rotated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// `User-Agent` header of the sign-in.
    pub user_agent: String,
    /// Network address of the sign-in.
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

/// Values of a new session.
pub(super) struct NewSession<'a> {
    pub id: SessionId,
    pub user: UserId,
    pub refresh_hash: &'a [u8],
    pub expires_at: DateTime<Utc>,
}

impl NewSession<'_> {
    pub fn insert(&self, conn: &mut PgConnection, context: &WriteContext) -> QueryResult<Session> {
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(self.id),
                sessions::user_id.eq(self.user),
                sessions::refresh_hash.eq(self.refresh_hash),
                sessions::rotated_at.eq(context.at),
                sessions::expires_at.eq(self.expires_at),
                sessions::user_agent.eq(&context.user_agent),
                sessions::address.eq(context.address.as_deref().unwrap_or_default()),
                sessions::created_at.eq(context.at),
                sessions::last_used_at.eq(context.at),
            ))
            .returning(Session::as_returning())
            .get_result(conn)
    }
}

impl Session {
    /// Locks the session, so that concurrent refreshes run one after another.
    pub(super) fn lock(conn: &mut PgConnection, id: SessionId) -> QueryResult<Option<Self>> {
        Self::query().filter(sessions::id.eq(id)).for_update().first(conn).optional()
    }

    pub(super) fn find(conn: &mut PgConnection, id: SessionId) -> QueryResult<Option<Self>> {
        Self::query().filter(sessions::id.eq(id)).first(conn).optional()
    }

    /// Selects the sessions that are neither revoked nor expired.
    pub(super) fn all_live(now: DateTime<Utc>) -> sessions::BoxedQuery<'static, Pg> {
        sessions::table.filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now))).into_boxed()
    }

    /// Returns the active sessions of a user, most recently used first.
    pub(super) fn list_live(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(sessions::user_id.eq(user))
            .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
            .order((sessions::last_used_at.desc(), sessions::id.desc()))
            .load(conn)
    }

    /// Returns true if the session is neither revoked nor expired.
    pub(super) fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }

    /// Replaces the refresh token.
    pub(super) fn rotate(&self, conn: &mut PgConnection, refresh_hash: &[u8], now: DateTime<Utc>) -> QueryResult<Self> {
        diesel::update(sessions::table.find(self.id))
            .set((
                sessions::generation.eq(sessions::generation + 1),
                sessions::refresh_hash.eq(refresh_hash),
                sessions::rotated_at.eq(now),
                sessions::last_used_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    /// Revokes a session and returns its user, or None if the session was revoked before.
    pub(super) fn revoke(
        conn: &mut PgConnection,
        id: SessionId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<UserId>> {
        diesel::update(sessions::table.find(id).filter(sessions::revoked_at.is_null()))
            .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
            .returning(sessions::user_id)
            .get_result(conn)
            .optional()
    }

    /// Revokes all sessions of a user except `keep`, and returns their ids.
    pub(super) fn revoke_all(
        conn: &mut PgConnection,
        user: UserId,
        keep: Option<SessionId>,
        reason: &str,
        now: DateTime<Utc>,
    ) -> QueryResult<Vec<SessionId>> {
        let not_revoked = sessions::user_id.eq(user).and(sessions::revoked_at.is_null());
        let others = sessions::id.ne_all(keep.as_slice());
        diesel::update(sessions::table.filter(not_revoked).filter(others))
            .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
            .returning(sessions::id)
            .get_results(conn)
    }

    /// Sets the time of the last use.
    pub(super) fn set_last_used(conn: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(sessions::table.find(id)).set(sessions::last_used_at.eq(now)).execute(conn)
    }

    /// Deletes up to `limit` sessions that expired before `before`, and returns their number.
    pub(super) fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let expired = sessions::table.filter(sessions::expires_at.lt(before));
        let ids: Vec<SessionId> = expired.select(sessions::id).limit(limit).load(conn)?;
        diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(conn)
    }
}

/// Columns of `sessions` in the personal data export.
#[derive(Debug, HasQuery)]
#[diesel(table_name = sessions)]
pub(super) struct SessionHistory {
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl SessionHistory {
    /// Returns all sessions of a user, oldest first.
    pub fn list(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(sessions::user_id.eq(user)).order((sessions::created_at, sessions::id)).load(conn)
    }
}

/// User of an active session, with everything that a principal is built from.
#[derive(Debug, Queryable)]
pub struct SessionOwner {
    pub user_id: UserId,
    pub customer_id: Option<CustomerId>,
    pub email: Email,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub last_used_at: DateTime<Utc>,
    pub has_second_factor: bool,
    pub signed_in_at: DateTime<Utc>,
}

impl SessionOwner {
    /// Finds the active user of an active session.
    pub fn find(conn: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> QueryResult<Option<Self>> {
        let totp = totp_devices::table.filter(totp_devices::user_id.eq(users::id));
        let totp = totp.filter(totp_devices::confirmed_at.is_not_null());
        let keys = passkeys::table.filter(passkeys::user_id.eq(users::id));
        sessions::table
            .inner_join(users::table)
            .left_join(customers::table.on(customers::user_id.eq(users::id.nullable())))
            .filter(sessions::id.eq(session))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .filter(users::is_active)
            .select((
                users::id,
                customers::id.nullable(),
                users::email,
                users::is_staff,
                users::is_superuser,
                sessions::last_used_at,
                exists(totp).or(exists(keys)),
                sessions::created_at,
            ))
            .first(conn)
            .optional()
    }
}

/// Time within which the client must submit the second factor.
const CHALLENGE_LIFETIME: TimeDelta = TimeDelta::seconds(300);

/// Number of rejected codes after which a challenge is invalid.
const MAX_CHALLENGE_FAILURES: i32 = 5;

/// Row of `sign_in_challenges`: a sign-in that waits for the second factor.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = sign_in_challenges)]
pub struct SignInChallenge {
    id: Uuid,
    pub user_id: UserId,
    failures: i32,
    expires_at: DateTime<Utc>,
    met_at: Option<DateTime<Utc>>,
}

impl SignInChallenge {
    pub fn insert(conn: &mut PgConnection, user: UserId, token_hash: &[u8], now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::insert_into(sign_in_challenges::table)
            .values((
                sign_in_challenges::id.eq(new_uuid()),
                sign_in_challenges::user_id.eq(user),
                sign_in_challenges::token_hash.eq(token_hash),
                sign_in_challenges::created_at.eq(now),
                sign_in_challenges::expires_at.eq(now + CHALLENGE_LIFETIME),
            ))
            .execute(conn)
    }

    /// Locks the challenge of a token. Returns None if the challenge is completed, expired or has too many failures.
    pub fn lock(conn: &mut PgConnection, token_hash: &[u8], now: DateTime<Utc>) -> QueryResult<Option<Self>> {
        let found = Self::query().filter(sign_in_challenges::token_hash.eq(token_hash)).for_update();
        let found = found.first(conn).optional()?;
        Ok(found.filter(|challenge: &Self| {
            let is_open = challenge.met_at.is_none() && challenge.expires_at > now;
            is_open && challenge.failures < MAX_CHALLENGE_FAILURES
        }))
    }

    /// Counts a rejected code.
    pub fn record_failure(&self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::update(sign_in_challenges::table.find(self.id))
            .set(sign_in_challenges::failures.eq(sign_in_challenges::failures + 1))
            .execute(conn)
            .map(|_| ())
    }

    /// Marks the challenge as completed, so that it cannot open a second session.
    pub fn complete(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(sign_in_challenges::table.find(self.id))
            .set(sign_in_challenges::met_at.eq(now))
            .execute(conn)
            .map(|_| ())
    }

    /// Deletes all challenges of a user.
    pub(super) fn delete_all(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(sign_in_challenges::table.filter(sign_in_challenges::user_id.eq(user))).execute(conn)
    }

    /// Deletes up to `limit` challenges that expired before `before`, and returns their number.
    pub(super) fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let expired = sign_in_challenges::table.filter(sign_in_challenges::expires_at.lt(before));
        let ids: Vec<Uuid> = expired.select(sign_in_challenges::id).limit(limit).load(conn)?;
        diesel::delete(sign_in_challenges::table.filter(sign_in_challenges::id.eq_any(ids))).execute(conn)
    }
}
