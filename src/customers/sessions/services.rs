//! Opening, refreshing and revoking sessions.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::SessionError;
use super::models::{NewSession, Session, SessionOwner, SignInChallenge};
use crate::customers::accounts::{self, User};
use crate::platform::app::App;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{RefreshClaims, TokenKeys, sha256};
use crate::platform::types::{SessionId, UserId};
use crate::platform::write_context::WriteContext;

/// Time for which the previous refresh token is still accepted, because two tabs can refresh at the same time.
const REUSE_GRACE_PERIOD: TimeDelta = TimeDelta::seconds(5);

/// Keys and lifetime of new sessions.
#[derive(Clone, Copy)]
pub struct SessionSettings<'a> {
    pub keys: &'a TokenKeys,
    pub refresh_token_days: u32,
}

impl<'a> From<&'a App> for SessionSettings<'a> {
    fn from(app: &'a App) -> Self {
        Self { keys: &app.keys, refresh_token_days: app.config.refresh_token_days }
    }
}

/// Live session, with the values that its tokens contain.
#[derive(Debug, Clone)]
pub struct OpenSession {
    pub id: SessionId,
    pub user: UserId,
    pub generation: i32,
    /// Time at which this generation began. Its tokens are issued for this time, not for the time of signing.
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl From<Session> for OpenSession {
    fn from(session: Session) -> Self {
        let Session { id, user_id: user, generation, rotated_at: issued_at, expires_at, .. } = session;
        Self { id, user, generation, issued_at, expires_at }
    }
}

/// Opens a session for a user whose credentials have been checked, if they are still the same.
pub fn open(
    conn: &mut PgConnection,
    user: &User,
    settings: SessionSettings<'_>,
    context: &WriteContext,
) -> Result<OpenSession, SessionError> {
    let id = SessionId::generate();
    let refresh_hash = sha256(settings.keys.refresh_jti(id, 1));
    let expires_at = context.at + TimeDelta::days(i64::from(settings.refresh_token_days));
    let session = NewSession { id, user: user.id, refresh_hash: &refresh_hash, expires_at }.insert(conn, context)?;
    // A password change revokes all sessions. A concurrent sign-in with the old password must not open one after that.
    if !accounts::record_login(conn, user, &context.as_user(user.id))? {
        return Err(SessionError::CredentialsChanged);
    }
    Ok(session.into())
}

/// Replaces the current refresh token of a session. An older token revokes the session: the client or a thief has used
/// it before.
pub fn refresh(
    conn: &mut PgConnection,
    claims: &RefreshClaims,
    keys: &TokenKeys,
    context: &WriteContext,
) -> Result<OpenSession, SessionError> {
    let session = Session::lock(conn, claims.session)?.ok_or(SessionError::RefreshRejected)?;
    let is_active = accounts::find_user(conn, session.user_id)?.is_some_and(|user| user.is_active);
    if !is_active || !session.is_live(context.at) {
        let reason = if is_active { "session expired or revoked" } else { "inactive account" };
        let entry = SessionEntry { action: "session.refresh_refused", session: session.id, user: session.user_id };
        entry.record(conn, Changes::created(&json!({"reason": reason})), context)?;
        return Err(SessionError::RefreshRejected);
    }

    let is_current = session.refresh_hash == sha256(&claims.jti);
    if is_current {
        let next = sha256(keys.refresh_jti(session.id, session.generation + 1));
        let entry = SessionEntry { action: "session.refreshed", session: session.id, user: session.user_id };
        entry.record(conn, Changes::none(), &context.as_user(session.user_id))?;
        return Ok(session.rotate(conn, &next, context.at)?.into());
    }

    let is_previous = claims.jti == keys.refresh_jti(session.id, session.generation - 1);
    if is_previous && context.at - session.rotated_at <= REUSE_GRACE_PERIOD {
        return Ok(session.into());
    }
    revoke(conn, session.id, "refresh token reused", context)?;
    Err(SessionError::RefreshRejected)
}

/// Revokes a session. Does nothing if it was revoked before.
pub fn revoke(conn: &mut PgConnection, session: SessionId, reason: &str, context: &WriteContext) -> QueryResult<()> {
    if let Some(user) = Session::revoke(conn, session, reason, context.at)? {
        let entry = SessionEntry { action: "session.ended", session, user };
        entry.record(conn, Changes::created(&json!({"reason": reason})), context)?;
    }
    Ok(())
}

/// Audit entry about a session, which the audit log lists with the other entries about its user.
struct SessionEntry {
    action: &'static str,
    session: SessionId,
    user: UserId,
}

impl SessionEntry {
    fn record(&self, conn: &mut PgConnection, changes: Changes, context: &WriteContext) -> QueryResult<()> {
        let changes = Changes::created(&json!({"session": self.session})).join(changes);
        audit::record(conn, context, self.action, AuditObject::new("user", self.user), changes)
    }
}

/// Revokes all sessions of a user except `keep`, and deletes sign-ins that wait for a second factor.
pub fn revoke_all(
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: &str,
    context: &WriteContext,
) -> QueryResult<()> {
    SignInChallenge::delete_all(conn, user)?;
    let revoked = Session::revoke_all(conn, user, keep, reason, context.at)?;
    if !revoked.is_empty() {
        let changes = Changes::created(&json!({"reason": reason, "sessions": revoked}));
        audit::record(conn, context, "sessions.ended", AuditObject::new("user", user), changes)?;
    }
    Ok(())
}

/// Revokes a session of this user.
pub(super) fn revoke_own(
    conn: &mut PgConnection,
    user: UserId,
    session: SessionId,
    context: &WriteContext,
) -> Result<(), SessionError> {
    let session =
        Session::find(conn, session)?.filter(|session| session.user_id == user && session.is_live(context.at));
    Ok(revoke(conn, session.ok_or(SessionError::NotFound)?.id, "ended by the user", context)?)
}

/// Revokes a session of any user.
pub(super) fn revoke_as_staff(
    conn: &mut PgConnection,
    session: SessionId,
    context: &WriteContext,
) -> Result<(), SessionError> {
    let session = Session::find(conn, session)?.filter(|session| session.is_live(context.at));
    Ok(revoke(conn, session.ok_or(SessionError::NotFound)?.id, "ended by staff", context)?)
}

/// Finds the active user of an active session.
pub fn find_owner(
    conn: &mut PgConnection,
    session: SessionId,
    now: DateTime<Utc>,
) -> QueryResult<Option<SessionOwner>> {
    SessionOwner::find(conn, session, now)
}

/// Records the time of the last request of a session.
pub fn record_use(conn: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> QueryResult<()> {
    Session::set_last_used(conn, session, now).map(|_| ())
}

/// Returns true if the session is neither revoked nor expired.
pub fn is_live(conn: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> QueryResult<bool> {
    Ok(Session::find(conn, session)?.is_some_and(|session| session.is_live(now)))
}
