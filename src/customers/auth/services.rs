//! Opening, refreshing and ending sessions.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::challenges::Challenge;
use super::errors::AuthError;
use super::models::{Session, SessionOwner};
use crate::customers::accounts::{self, Checked, CustomerTopic, NewAccount, PasswordHash, Profile, User};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::{RefreshClaims, SigningKey, TokenKeys, sha256};
use crate::platform::types::{Actor, Email, SessionId, UserId};

/// How long the token before the newest still gets the newest's answer: two tabs may refresh at once.
const GRACE: TimeDelta = TimeDelta::seconds(5);

/// A session as its tokens need it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    pub id: SessionId,
    pub user: UserId,
    pub generation: i32,
    /// When this generation began: its tokens count from then, however long the answer takes.
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl From<Session> for OpenSession {
    fn from(session: Session) -> Self {
        let Session { id, user_id: user, generation, rotated_at: issued_at, expires_at, .. } = session;
        Self { id, user, generation, issued_at, expires_at }
    }
}

/// How a refresh ended. Reuse is no error here: what it changes must be committed.
#[derive(Debug)]
pub enum Refresh {
    Rotated(OpenSession),
    Refused,
}

/// Makes an account and signs it in.
pub fn register(
    conn: &mut PgConnection,
    account: &NewAccount,
    keys: &TokenKeys,
    days: u32,
    origin: &Origin,
) -> Result<(Profile, OpenSession), AuthError> {
    let profile = accounts::create(conn, account, origin)?;
    accounts::tell(conn, CustomerTopic::Registered, &profile.customer, origin)?;
    let session = open(conn, &profile.user, keys, days, origin)?;
    Ok((profile, session))
}

/// Opens a session for a user whose password was right, if it still is.
pub fn open(
    conn: &mut PgConnection,
    user: &User,
    keys: &TokenKeys,
    days: u32,
    origin: &Origin,
) -> Result<OpenSession, AuthError> {
    let id = SessionId::generate();
    let hash = sha256(keys.refresh_jti(id, 1));
    let expires_at = origin.at + TimeDelta::days(i64::from(days));
    let session = Session::insert(conn, id, user.id, &hash, (origin, expires_at))?;
    let origin = Origin { actor: Actor::User(user.id), ..origin.clone() };
    // Whoever changes the password ends all sessions: none may be opened behind them with the old one.
    if !accounts::note_login(conn, user, &origin)? {
        return Err(AuthError::CannotLogIn);
    }
    Ok(session.into())
}

/// Why somebody was not let in. They hear nothing more of it than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInFailure {
    UnknownAccount,
    NoPassword,
    WrongPassword,
    InactiveAccount,
    /// They do hear of this: the password was right.
    EmailNotVerified,
}

impl SignInFailure {
    /// None where nothing is wrong.
    pub fn of(user: Option<&User>, checked: &Checked, needs_verified_email: bool) -> Option<Self> {
        match user {
            None => Some(Self::UnknownAccount),
            Some(user) if user.password_hash.is_none() => Some(Self::NoPassword),
            Some(_) if !checked.is_right() => Some(Self::WrongPassword),
            Some(user) if !user.is_active => Some(Self::InactiveAccount),
            Some(user) if needs_verified_email && !user.is_verified() => Some(Self::EmailNotVerified),
            Some(_) => None,
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::UnknownAccount => "unknown account",
            Self::NoPassword => "no password",
            Self::WrongPassword => "wrong password",
            Self::InactiveAccount => "inactive account",
            Self::EmailNotVerified => "e-mail not verified",
        }
    }
}

/// Writes down that somebody was not let in. What was typed and is no address might be a password: it is not kept.
pub fn note_failure(
    conn: &mut PgConnection,
    failure: SignInFailure,
    (user, email): (Option<&User>, Option<&Email>),
    origin: &Origin,
) -> QueryResult<()> {
    let (object, told) = match (user, email) {
        (Some(user), _) => (("user", user.id.to_string()), Changes::none()),
        (None, None) => (("email", String::new()), Changes::none()),
        (None, Some(email)) => {
            let person = audit::person_by_email(email.as_str());
            (("email", person.to_string()), Changes::created(&json!({"email": email})).about(person, &["email"]))
        }
    };
    let told = Changes::created(&json!({"reason": failure.reason()})).join(told);
    audit::record(conn, origin, "user.sign_in_failed", object, told)
}

/// Writes down that somebody was not let in who came without a password.
pub fn note_refusal(conn: &mut PgConnection, object: (&str, String), reason: &str, origin: &Origin) -> QueryResult<()> {
    audit::record(conn, origin, "user.sign_in_failed", object, Changes::created(&json!({"reason": reason})))
}

/// Keeps a password that was right in the shop's own form.
pub fn upgrade_password(conn: &mut PgConnection, user: &User, new: &PasswordHash, origin: &Origin) -> QueryResult<()> {
    let origin = Origin { actor: Actor::User(user.id), ..origin.clone() };
    match &user.password_hash {
        Some(old) => accounts::upgrade_password(conn, user.id, (old, new), &origin),
        None => Ok(()),
    }
}

/// Replaces the newest refresh token. An older one ends the family: either its owner or a thief has been here before.
pub fn refresh(
    conn: &mut PgConnection,
    claims: &RefreshClaims,
    keys: &TokenKeys,
    origin: &Origin,
) -> Result<Refresh, AuthError> {
    let Some(session) = Session::lock(conn, claims.session)? else { return Ok(Refresh::Refused) };
    let is_active = accounts::find_user(conn, session.user_id)?.is_some_and(|user| user.is_active);
    if !is_active || !session.is_live(origin.at) {
        let told = Changes::created(&json!({"reason": if is_active { "session over" } else { "inactive account" }}));
        note_session(conn, "session.refresh_refused", (session.id, session.user_id), told, origin)?;
        return Ok(Refresh::Refused);
    }
    if session.refresh_hash == sha256(&claims.jti) {
        let next = sha256(keys.refresh_jti(session.id, session.generation + 1));
        let origin = Origin { actor: Actor::User(session.user_id), ..origin.clone() };
        note_session(conn, "session.refreshed", (session.id, session.user_id), Changes::none(), &origin)?;
        return Ok(Refresh::Rotated(session.rotate(conn, &next, origin.at)?.into()));
    }
    let is_previous = claims.jti == keys.refresh_jti(session.id, session.generation - 1);
    if is_previous && origin.at - session.rotated_at <= GRACE {
        return Ok(Refresh::Rotated(session.into()));
    }
    end(conn, session.id, "refresh token reused", origin)?;
    Ok(Refresh::Refused)
}

/// Ends a session; nothing where it had ended before.
pub fn end(conn: &mut PgConnection, session: SessionId, reason: &str, origin: &Origin) -> QueryResult<()> {
    if let Some(user) = Session::revoke(conn, session, reason, origin.at)? {
        note_session(conn, "session.ended", (session, user), Changes::created(&json!({"reason": reason})), origin)?;
    }
    Ok(())
}

/// Sessions stand in the audit log with what happened to their user.
fn note_session(
    conn: &mut PgConnection,
    action: &str,
    (session, user): (SessionId, UserId),
    told: Changes,
    origin: &Origin,
) -> QueryResult<()> {
    let told = Changes::created(&json!({"session": session})).join(told);
    audit::record(conn, origin, action, ("user", user.to_string()), told)
}

/// Ends all sessions of a user, but for the one to keep.
pub fn end_all(
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: &str,
    origin: &Origin,
) -> QueryResult<()> {
    // Nor is one opened any more that was begun before.
    Challenge::delete_of(conn, user)?;
    let ended = Session::revoke_all(conn, user, keep, reason, origin.at)?;
    if !ended.is_empty() {
        let told = Changes::created(&json!({"reason": reason, "sessions": ended}));
        audit::record(conn, origin, "sessions.ended", ("user", user.to_string()), told)?;
    }
    Ok(())
}

/// Ends one of somebody's own sessions.
pub(super) fn end_own(
    conn: &mut PgConnection,
    user: UserId,
    session: SessionId,
    origin: &Origin,
) -> Result<(), AuthError> {
    let session = Session::find(conn, session)?.filter(|session| session.user_id == user && session.is_live(origin.at));
    Ok(end(conn, session.ok_or(AuthError::NotFound)?.id, "ended by their owner", origin)?)
}

/// Ends anybody's session.
pub(super) fn end_any(conn: &mut PgConnection, session: SessionId, origin: &Origin) -> Result<(), AuthError> {
    let session = Session::find(conn, session)?.filter(|session| session.is_live(origin.at));
    Ok(end(conn, session.ok_or(AuthError::NotFound)?.id, "ended by staff", origin)?)
}

/// Who is behind a session that has not ended.
pub fn find_owner(
    conn: &mut PgConnection,
    session: SessionId,
    now: DateTime<Utc>,
) -> QueryResult<Option<SessionOwner>> {
    SessionOwner::find(conn, session, now)
}

/// Notes that a session is in use.
pub fn note_use(conn: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> QueryResult<()> {
    Session::touch(conn, session, now).map(|_| ())
}

/// Whether a session is still good.
pub fn is_live(conn: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> QueryResult<bool> {
    Ok(Session::find(conn, session)?.is_some_and(|session| session.is_live(now)))
}

/// Announces a new signing key; none where one is announced already.
pub fn rotate_keys(conn: &mut PgConnection, keys: &TokenKeys, origin: &Origin) -> anyhow::Result<Option<SigningKey>> {
    let Some(key) = keys.rotate(conn, origin.at)? else {
        return Ok(None);
    };
    let told = Changes::created(&json!({"signs_from": key.signs_from}));
    audit::record(conn, origin, "signing_key.announced", ("signing_key", key.id.clone()), told)?;
    Ok(Some(key))
}

/// Replaces the signing key once it has signed for so many days, and removes those whose last token is over.
pub fn tend_keys(conn: &mut PgConnection, keys: &TokenKeys, days: u32, origin: &Origin) -> anyhow::Result<()> {
    for key in keys.remove_over(conn, origin.at)? {
        audit::record(conn, origin, "signing_key.removed", ("signing_key", key.id), Changes::none())?;
    }
    let newest = TokenKeys::list(conn)?.into_iter().next();
    if newest.is_none_or(|key| key.signs_from + TimeDelta::days(days.into()) <= origin.at) {
        rotate_keys(conn, keys, origin)?;
    }
    Ok(())
}
