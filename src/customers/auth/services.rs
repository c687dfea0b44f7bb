//! Registration, the audit of failed sign-ins, and rotation of the signing keys.

use chrono::TimeDelta;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::AuthError;
use crate::customers::accounts::{self, CustomerTopic, NewAccount, User};
use crate::customers::passwords::{PasswordCheck, PasswordHash};
use crate::customers::sessions::{self, OpenSession, SessionSettings};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{SigningKey, TokenKeys};
use crate::platform::types::Email;
use crate::platform::write_context::WriteContext;

/// Registered customer and the session that the registration opened.
#[derive(Debug)]
pub struct Registration {
    pub user: User,
    pub session: OpenSession,
}

/// Creates an account and signs it in.
pub fn register(
    conn: &mut PgConnection,
    account: &NewAccount,
    settings: SessionSettings<'_>,
    context: &WriteContext,
) -> Result<Registration, AuthError> {
    let profile = accounts::create(conn, account, context)?;
    accounts::publish(conn, CustomerTopic::Registered, &profile.customer, context)?;
    let session = sessions::open(conn, &profile.user, settings, context)?;
    Ok(Registration { user: profile.user, session })
}

/// Reason why a sign-in with a password was rejected. Except for `EmailNotVerified`, the response does not reveal it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInFailure {
    /// No account has this e-mail address.
    UnknownAccount,
    /// The account has no password.
    NoPassword,
    /// The password is wrong.
    WrongPassword,
    /// The password is correct, but the account is inactive.
    InactiveAccount,
    /// The password is correct, but the shop requires a verified e-mail address.
    EmailNotVerified,
}

impl SignInFailure {
    /// Returns the reason, or None if the user can sign in.
    pub fn find(user: Option<&User>, check: &PasswordCheck, requires_verified_email: bool) -> Option<Self> {
        match user {
            None => Some(Self::UnknownAccount),
            Some(user) if user.password_hash.is_none() => Some(Self::NoPassword),
            Some(_) if !check.is_correct() => Some(Self::WrongPassword),
            Some(user) if !user.is_active => Some(Self::InactiveAccount),
            Some(user) if requires_verified_email && !user.is_verified() => Some(Self::EmailNotVerified),
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

/// Failed sign-in with a password.
#[derive(Debug)]
pub struct FailedSignIn {
    pub failure: SignInFailure,
    pub user: Option<User>,
    /// The submitted e-mail address, if it is a valid one. Other text is not recorded, because it can be a password
    /// that was typed into the wrong field.
    pub email: Option<Email>,
}

impl FailedSignIn {
    /// Records the failure in the audit log.
    pub fn record(&self, conn: &mut PgConnection, context: &WriteContext) -> QueryResult<()> {
        let (object, email) = match (&self.user, &self.email) {
            (Some(user), _) => (AuditObject::new("user", user.id), Changes::none()),
            (None, None) => (AuditObject::new("email", ""), Changes::none()),
            (None, Some(email)) => {
                let person = audit::person_id_for_email(&context.key, email.as_str());
                let changes = Changes::created(&json!({"email": email})).mark_personal(person, &["email"]);
                (AuditObject::new("email", person), changes)
            }
        };
        let changes = Changes::created(&json!({"reason": self.failure.reason()})).join(email);
        audit::record(conn, context, "user.sign_in_failed", object, changes)
    }
}

/// Records a rejected sign-in without a password: with a passkey or with an OpenID Connect provider.
pub fn record_rejected_sign_in(
    conn: &mut PgConnection,
    object: AuditObject,
    reason: &str,
    context: &WriteContext,
) -> QueryResult<()> {
    audit::record(conn, context, "user.sign_in_failed", object, Changes::created(&json!({"reason": reason})))
}

/// Replaces the outdated hash of a correct password.
pub fn upgrade_password(
    conn: &mut PgConnection,
    user: &User,
    new: &PasswordHash,
    context: &WriteContext,
) -> QueryResult<()> {
    match &user.password_hash {
        Some(old) => accounts::upgrade_password(conn, user.id, old, new, &context.as_user(user.id)),
        None => Ok(()),
    }
}

/// Announces a new signing key. Returns None if one is announced already.
pub fn rotate_keys(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    context: &WriteContext,
) -> anyhow::Result<Option<SigningKey>> {
    let Some(key) = keys.rotate(conn, context.at)? else {
        return Ok(None);
    };
    let changes = Changes::created(&json!({"signs_from": key.signs_from}));
    audit::record(conn, context, "signing_key.announced", AuditObject::new("signing_key", &key.id), changes)?;
    Ok(Some(key))
}

/// Announces a new signing key if the newest one has signed for `max_age_days`, and deletes the keys whose last token
/// has expired.
pub fn rotate_keys_when_due(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    max_age_days: u32,
    context: &WriteContext,
) -> anyhow::Result<()> {
    for key in keys.delete_expired(conn, context.at)? {
        audit::record(conn, context, "signing_key.removed", AuditObject::new("signing_key", key.id), Changes::none())?;
    }
    let max_age = TimeDelta::days(max_age_days.into());
    let newest = TokenKeys::list(conn)?.into_iter().next();
    if newest.is_none_or(|key| key.signs_from + max_age <= context.at) {
        rotate_keys(conn, keys, context)?;
    }
    Ok(())
}
