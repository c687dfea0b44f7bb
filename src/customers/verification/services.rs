//! Issuing and redeeming tokens, and what users do with them: verifying e-mail addresses, and changing passwords and
//! e-mail addresses.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;
use uuid::Uuid;

use super::errors::VerificationError;
use super::mail::{AccountMail, MailLink, MailSettings, queue_mail};
use super::models::{AccountToken, NewToken, TokenMail, TokenPurpose};
use super::reauthentication::Reauthenticated;
use crate::customers::accounts::{self, AccountError, Profile};
use crate::customers::passwords::PasswordHash;
use crate::customers::sessions;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{random_token, sha256};
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{Email, EventId, SessionId, UserId};
use crate::platform::write_context::WriteContext;

/// Minimum time between two tokens of the same purpose for a user.
const MIN_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// Maximum number of tokens of the same purpose for a user within an hour.
const MAX_PER_HOUR: usize = 5;

/// Returns the link to the storefront page that redeems a token.
///
/// The token is in the fragment, which appears in no server log and in no `Referer` header.
fn token_link(purpose: TokenPurpose, user: UserId, token: &str) -> MailLink {
    let page = purpose.page();
    let path = match purpose {
        TokenPurpose::VerifyEmail => format!("{page}#key={token}"),
        TokenPurpose::ResetPassword | TokenPurpose::AcceptInvitation => format!("{page}#uid={user}&token={token}"),
        TokenPurpose::ChangeEmail | TokenPurpose::DeleteAccount => format!("{page}#token={token}"),
    };
    MailLink { path, valid_hours: purpose.valid_hours() }
}

/// Values of a token to issue.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// Event that causes the e-mail. Each event issues at most one token.
    pub event: EventId,
    pub purpose: TokenPurpose,
    /// Address that the token is sent to.
    pub email: &'a Email,
}

/// Issues a token for a user whom the caller has locked, and revokes the previous token of the same purpose. The
/// database stores only the hash of the token.
///
/// Returns None if the user has received too many e-mails, or if the event has issued a token before. The response to
/// the client does not reveal this.
pub fn issue_token(
    conn: &mut PgConnection,
    profile: &Profile,
    request: TokenRequest<'_>,
    now: DateTime<Utc>,
) -> Result<Option<MailLink>, VerificationError> {
    let TokenRequest { event, purpose, email } = request;
    let user = profile.user.id;
    let recent = AccountToken::list_issued_since(conn, user, purpose, now - TimeDelta::hours(1))?;
    let is_too_soon = recent.iter().any(|(id, at)| id == event.as_uuid() || *at > now - MIN_INTERVAL);
    if is_too_soon || recent.len() >= MAX_PER_HOUR {
        return Ok(None);
    }
    let token = random_token().map_err(VerificationError::Internal)?;
    AccountToken::revoke(conn, user, Some(purpose), now)?;
    let credentials = profile.user.credentials_digest();
    NewToken { event, user, purpose, hash: sha256(&token), email, credentials }.insert(conn, now)?;
    Ok(Some(token_link(purpose, user, &token)))
}

/// Returns the user of a valid token without redeeming it.
pub(super) fn find_token_user(
    conn: &mut PgConnection,
    purposes: &[TokenPurpose],
    token: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<UserId>> {
    Ok(AccountToken::find(conn, purposes, &sha256(token), now)?.map(|row| row.user_id))
}

/// Result of redeeming a token.
pub struct RedeemedToken {
    /// User that the token was issued for, locked until the transaction ends.
    pub profile: Profile,
    /// Address that the token was sent to, and that its holder therefore owns.
    pub email: Email,
}

/// Redeems a token. Returns None if the token is invalid for any reason.
pub fn redeem_token(
    conn: &mut PgConnection,
    purposes: &[TokenPurpose],
    token: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<RedeemedToken>> {
    let Some(row) = AccountToken::find(conn, purposes, &sha256(token), now)? else { return Ok(None) };
    let Some(profile) = Profile::lock(conn, row.user_id)? else { return Ok(None) };
    let is_valid = profile.user.is_active && profile.user.credentials_digest() == row.credentials;
    if !is_valid || !row.mark_used(conn, now)? {
        return Ok(None);
    }
    Ok(Some(RedeemedToken { profile, email: row.email }))
}

/// Revokes all tokens of a user.
pub fn revoke_tokens(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<()> {
    AccountToken::revoke(conn, user, None, now).map(|_| ())
}

/// Verifies the address that a key was sent to.
pub fn verify_email(conn: &mut PgConnection, key: &str, context: &WriteContext) -> Result<(), VerificationError> {
    let redeemed = redeem_token(conn, &[TokenPurpose::VerifyEmail], key, context.at)?;
    let profile = redeemed.ok_or(VerificationError::InvalidKey)?.profile;
    accounts::verify_email(conn, &profile, &context.as_user(profile.user.id))?;
    Ok(())
}

/// New password of a reauthenticated user.
pub struct PasswordChange {
    pub reauthenticated: Reauthenticated,
    pub hash: PasswordHash,
    /// Session of the request, which stays open.
    pub session: SessionId,
}

/// Changes a password and revokes all other sessions.
pub fn change_password(
    conn: &mut PgConnection,
    change: &PasswordChange,
    settings: &MailSettings,
    context: &WriteContext,
) -> Result<(), VerificationError> {
    let profile = Profile::lock(conn, change.reauthenticated.user.id)?;
    let profile = profile.filter(|profile| change.reauthenticated.is_current(&profile.user));
    let profile = profile.ok_or(VerificationError::WrongOldPassword)?;
    set_password(conn, &profile, &change.hash, Some(change.session), context)?;
    notify(conn, &profile, "password_changed", settings, context)
}

/// New password of a user with a reset token.
pub struct PasswordReset {
    pub user: UserId,
    pub token: String,
    pub hash: PasswordHash,
}

/// Sets the password of the user of a reset token, verifies the address and revokes all sessions.
///
/// If the address was not verified before, a person who does not own it could have registered the account. In this
/// case, the function also removes all other credentials of the account.
pub fn reset_password(
    conn: &mut PgConnection,
    reset: &PasswordReset,
    settings: &MailSettings,
    personal_data: &PersonalDataRegistry,
    context: &WriteContext,
) -> Result<(), VerificationError> {
    let redeemed = redeem_token(conn, &TokenPurpose::SETTING_PASSWORD, &reset.token, context.at)?;
    let redeemed = redeemed.filter(|redeemed| redeemed.profile.user.id == reset.user);
    let profile = redeemed.ok_or(VerificationError::InvalidToken)?.profile;
    let context = context.as_user(profile.user.id);
    if !profile.user.is_verified() {
        personal_data.remove_secondary_credentials(conn, profile.customer.id, &context)?;
    }
    accounts::verify_email(conn, &profile, &context)?;
    set_password(conn, &profile, &reset.hash, None, &context)?;
    notify(conn, &profile, "password_changed", settings, &context)
}

/// Sets a password, and revokes all tokens and all sessions except `keep`.
fn set_password(
    conn: &mut PgConnection,
    profile: &Profile,
    hash: &PasswordHash,
    keep: Option<SessionId>,
    context: &WriteContext,
) -> Result<(), VerificationError> {
    accounts::set_password(conn, profile, hash, context)?;
    revoke_tokens(conn, profile.user.id, context.at)?;
    Ok(sessions::revoke_all(conn, profile.user.id, keep, "password changed", context)?)
}

/// Records in the audit log that a client requested an e-mail with a token, for known and unknown addresses.
pub fn record_mail_request(
    conn: &mut PgConnection,
    mail: TokenMail,
    user: Option<UserId>,
    email: &Email,
    context: &WriteContext,
) -> QueryResult<()> {
    let action = match mail {
        TokenMail::ResetPassword => "user.password_reset_asked",
        TokenMail::VerifyEmail | TokenMail::AccountExists | TokenMail::StaffInvitation => "user.letter_asked",
    };
    let id_of_email = audit::person_id_for_email(&context.key, email.as_str());
    let object = match user {
        Some(user) => AuditObject::new("user", user),
        None => AuditObject::new("email", id_of_email),
    };
    let person = user.map_or(id_of_email, Uuid::from);
    let changes = Changes::created(&json!({"email": email})).mark_personal(person, &["email"]);
    audit::record(conn, context, action, object, changes)
}

/// Revokes all sessions and tokens of a user.
pub fn revoke_access(conn: &mut PgConnection, user: UserId, reason: &str, context: &WriteContext) -> QueryResult<()> {
    revoke_tokens(conn, user, context.at)?;
    sessions::revoke_all(conn, user, None, reason, context)
}

/// Sends a link to the new address and a warning to the current address.
///
/// If the new address has an account, its owner is notified instead. The work and the response are the same, so that
/// the client does not learn which addresses have an account.
pub fn request_email_change(
    conn: &mut PgConnection,
    reauthenticated: &Reauthenticated,
    email: &Email,
    settings: &MailSettings,
    context: &WriteContext,
) -> Result<(), VerificationError> {
    let profile = Profile::lock(conn, reauthenticated.user.id)?;
    let profile = profile.filter(|profile| reauthenticated.is_current(&profile.user));
    let profile = profile.ok_or(VerificationError::WrongPassword)?;
    if profile.user.email == *email {
        return Err(VerificationError::SameEmail);
    }
    // Not recorded as `email`: the address is not verified and can belong to another person.
    let changes = Changes::created(&json!({"new_email": email})).mark_personal(profile.user.id, &["new_email"]);
    audit::record(conn, context, "user.email_change_asked", AuditObject::new("user", profile.user.id), changes)?;
    let is_taken = accounts::find_by_email(conn, email)?.is_some();
    let event = EventId::generate();
    let request = TokenRequest { event, purpose: TokenPurpose::ChangeEmail, email };
    let Some(link) = issue_token(conn, &profile, request, context.at)? else { return Ok(()) };
    let (template, link) = if is_taken { ("email_taken", None) } else { ("email_change", Some(&link)) };
    queue_mail(conn, settings, &AccountMail { event, to: email, template, profile: &profile, link }, context.at)?;
    notify(conn, &profile, "email_change_announced", settings, context)
}

/// Changes the address of a user to the address that a token was sent to, and notifies the old address.
pub fn confirm_email_change(
    conn: &mut PgConnection,
    token: &str,
    settings: &MailSettings,
    context: &WriteContext,
) -> Result<(), VerificationError> {
    let redeemed = redeem_token(conn, &[TokenPurpose::ChangeEmail], token, context.at)?;
    let RedeemedToken { profile, email } = redeemed.ok_or(VerificationError::InvalidToken)?;
    let context = context.as_user(profile.user.id);
    accounts::change_email(conn, &profile, &email, &context).map_err(|error| match error {
        // Another customer has registered with the address in the meantime.
        AccountError::EmailTaken => VerificationError::InvalidToken,
        other => other.into(),
    })?;
    revoke_tokens(conn, profile.user.id, context.at)?;
    notify(conn, &profile, "email_changed", settings, &context)
}

/// Queues a notification to the address that the account had before the transaction.
fn notify(
    conn: &mut PgConnection,
    profile: &Profile,
    template: &'static str,
    settings: &MailSettings,
    context: &WriteContext,
) -> Result<(), VerificationError> {
    let event = EventId::generate();
    let mail = AccountMail { event, to: &profile.user.email, template, profile, link: None };
    queue_mail(conn, settings, &mail, context.at)
}
