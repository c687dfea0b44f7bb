//! Rows of `sessions`.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::platform::audit::Origin;
use crate::platform::types::{CustomerId, Email, SessionId, UserId};
use crate::schema::{customers, passkeys, sessions, totp_devices, users};

/// One family of refresh tokens.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = sessions)]
pub(super) struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// How often it was refreshed, plus one.
    pub generation: i32,
    pub refresh_hash: Vec<u8>,
    pub rotated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Of the program that signed in, as it says of itself.
    pub user_agent: String,
    /// The one it was opened from.
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

impl Session {
    pub fn insert(
        conn: &mut PgConnection,
        id: SessionId,
        user: UserId,
        refresh_hash: &[u8],
        times: (&Origin, DateTime<Utc>),
    ) -> QueryResult<Self> {
        let (origin, expires_at) = times;
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(id),
                sessions::user_id.eq(user),
                sessions::refresh_hash.eq(refresh_hash),
                sessions::rotated_at.eq(origin.at),
                sessions::expires_at.eq(expires_at),
                sessions::user_agent.eq(&origin.user_agent),
                sessions::address.eq(origin.address.as_deref().unwrap_or_default()),
                sessions::created_at.eq(origin.at),
                sessions::last_used_at.eq(origin.at),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    /// The session, locked, so that of many refreshes at once one comes first.
    pub fn lock(conn: &mut PgConnection, id: SessionId) -> QueryResult<Option<Self>> {
        Self::query().filter(sessions::id.eq(id)).for_update().first(conn).optional()
    }

    pub fn find(conn: &mut PgConnection, id: SessionId) -> QueryResult<Option<Self>> {
        Self::query().filter(sessions::id.eq(id)).first(conn).optional()
    }

    /// A user's that have not ended, the last used first.
    pub fn live_of(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(sessions::user_id.eq(user))
            .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
            .order((sessions::last_used_at.desc(), sessions::id.desc()))
            .load(conn)
    }

    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }

    pub fn rotate(&self, conn: &mut PgConnection, refresh_hash: &[u8], now: DateTime<Utc>) -> QueryResult<Self> {
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

    /// Ends the session and tells whose it was; none where it had ended before.
    pub fn revoke(
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

    /// Ends all of a user's that have not ended, but for the one to keep; tells which.
    pub fn revoke_all(
        conn: &mut PgConnection,
        user: UserId,
        keep: Option<SessionId>,
        reason: &str,
        now: DateTime<Utc>,
    ) -> QueryResult<Vec<SessionId>> {
        let live = sessions::user_id.eq(user).and(sessions::revoked_at.is_null());
        let others = sessions::id.ne_all(keep.as_slice());
        diesel::update(sessions::table.filter(live).filter(others))
            .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
            .returning(sessions::id)
            .get_results(conn)
    }

    /// Notes that the session is in use.
    pub fn touch(conn: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(sessions::table.find(id)).set(sessions::last_used_at.eq(now)).execute(conn)
    }

    /// Deletes up to `limit` that expired before `before`, and tells how many.
    pub fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let expired = sessions::table.filter(sessions::expires_at.lt(before));
        let ids: Vec<SessionId> = expired.select(sessions::id).limit(limit).load(conn)?;
        diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(conn)
    }
}

/// What a session remembers of where it was opened.
#[derive(Debug, HasQuery)]
#[diesel(table_name = sessions)]
pub(super) struct SessionTrace {
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl SessionTrace {
    pub fn of_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(sessions::user_id.eq(user)).order((sessions::created_at, sessions::id)).load(conn)
    }
}

/// Who is behind a session that has not ended.
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
