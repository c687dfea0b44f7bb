//! Tokens: made, mailed, and good once.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::errors::VerificationError;
use super::models::{AccountToken, NewToken, Purpose};
use crate::customers::accounts::Profile;
use crate::platform::auth::{random_token, sha256};
use crate::platform::types::{Email, EventId, UserId};

/// No second mail of a purpose to the same person within this time.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// And so many within an hour, whoever asks for them.
const MOST_IN_AN_HOUR: usize = 5;

/// What a mail leads to: nobody else ever sees it, not even the database.
pub struct Link {
    purpose: Purpose,
    user: UserId,
    secret: String,
}

impl Link {
    /// Everything behind `#` stays in the browser: it is in no log, and no `Referer` gives it away.
    pub fn url(&self, storefront: &str) -> String {
        let Self { purpose, user, secret } = self;
        let page = purpose.page();
        match purpose {
            Purpose::VerifyEmail => format!("{storefront}{page}#key={secret}"),
            Purpose::ResetPassword | Purpose::AcceptInvitation => {
                format!("{storefront}{page}#uid={user}&token={secret}")
            }
            Purpose::ChangeEmail | Purpose::DeleteAccount => format!("{storefront}{page}#token={secret}"),
        }
    }

    pub const fn hours(&self) -> i64 {
        self.purpose.hours()
    }
}

/// Makes a token for somebody whom the caller holds locked; the one before it is no good any more. None where they have
/// had enough mails for now, or had this one: nobody is told of that.
pub fn issue(
    conn: &mut PgConnection,
    profile: &Profile,
    purpose: Purpose,
    (event, email): (EventId, &Email),
    now: DateTime<Utc>,
) -> Result<Option<Link>, VerificationError> {
    let user = profile.user.id;
    let recent = AccountToken::made_since(conn, user, purpose, now - TimeDelta::hours(1))?;
    let is_too_soon = recent.iter().any(|(id, at)| id == event.as_uuid() || *at > now - PAUSE);
    if is_too_soon || recent.len() >= MOST_IN_AN_HOUR {
        return Ok(None);
    }
    let secret = random_token().map_err(VerificationError::Broken)?;
    AccountToken::end(conn, user, Some(purpose), now)?;
    let credentials = profile.user.credentials();
    NewToken { event, user, purpose, hash: sha256(&secret), email, credentials }.insert(conn, now)?;
    Ok(Some(Link { purpose, user, secret }))
}

/// Whose token it is, if it is good; it stays so.
pub(super) fn holder(
    conn: &mut PgConnection,
    purposes: &[Purpose],
    secret: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<UserId>> {
    Ok(AccountToken::find(conn, purposes, &sha256(secret), now)?.map(|token| token.user_id))
}

/// Uses a token up: the person it was made for, locked, and the address it proves. None where it is not good, or not
/// any more, for whatever reason.
pub fn redeem(
    conn: &mut PgConnection,
    purposes: &[Purpose],
    secret: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Profile, Email)>> {
    let Some(token) = AccountToken::find(conn, purposes, &sha256(secret), now)? else { return Ok(None) };
    let Some(profile) = Profile::lock(conn, token.user_id)? else { return Ok(None) };
    let is_theirs = profile.user.is_active && profile.user.credentials() == token.credentials;
    if !is_theirs || !token.spend(conn, now)? {
        return Ok(None);
    }
    Ok(Some((profile, token.email)))
}

/// No token of this person is good any more.
pub fn forget_all(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<()> {
    AccountToken::end(conn, user, None, now).map(|_| ())
}
