//! Setting up and removing authenticator apps, renewing recovery codes, and completing a sign-in with a code.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::checks::{SubmittedFactor, check_factor, confirm_factor};
use super::errors::FactorError;
use super::models::{FactorFailure, RecoveryCode, TotpDevice};
use super::notifications::{FactorChange, record_and_notify};
use super::secrets::{TotpSeed, generate_recovery_code, hash_recovery_code};
use crate::customers::accounts::{self, User};
use crate::customers::auth::{self, SignInResult};
use crate::customers::sessions::SessionSettings;
use crate::customers::verification::Reauthenticated;
use crate::platform::types::UserId;
use crate::platform::write_context::WriteContext;

const RECOVERY_CODES: usize = 10;

/// Values with which a user sets up an authenticator app.
pub(super) struct TotpSetup {
    pub secret: String,
    pub otpauth_url: String,
}

/// Stores a new, unconfirmed authenticator app. Replaces an earlier unconfirmed one.
pub(super) fn activate_totp(
    conn: &mut PgConnection,
    user: &User,
    shop_name: &str,
    context: &WriteContext,
) -> Result<TotpSetup, FactorError> {
    let seed = TotpSeed::generate()?;
    if !TotpDevice::upsert_unconfirmed(conn, user.id, &seed.encrypt(&context.key, user.id)?, context.at)? {
        return Err(FactorError::TotpActive);
    }
    Ok(TotpSetup { secret: seed.to_base32(), otpauth_url: seed.otpauth_url(shop_name, &user.email.to_string())? })
}

/// Confirms an authenticator app with its first code, and returns new recovery codes.
pub(super) fn confirm_totp(
    conn: &mut PgConnection,
    user: &User,
    code: &str,
    shop_name: &str,
    context: &WriteContext,
) -> Result<Vec<String>, FactorError> {
    let device = TotpDevice::lock(conn, user.id)?.filter(|device| device.can_be_confirmed(context.at));
    let device = device.ok_or(FactorError::NothingToConfirm)?;
    let seed = TotpSeed::decrypt(&context.key, user.id, &device.seed)?;
    let Some(step) = seed.time_step(code, context.at)? else {
        device.record_failure(conn)?;
        return Err(FactorError::WrongCode);
    };
    device.confirm(conn, step, context.at)?;
    record_and_notify(conn, user, FactorChange::TotpAdded, shop_name, context)?;
    replace_recovery_codes(conn, user.id, context.at)
}

/// Removes the authenticator app.
pub(super) fn deactivate_totp(
    conn: &mut PgConnection,
    owner: &Reauthenticated,
    factor: &SubmittedFactor,
    shop_name: &str,
    context: &WriteContext,
) -> Result<(), FactorError> {
    let user = &owner.user;
    if !TotpDevice::is_active(conn, user.id)? {
        return Err(FactorError::NotActive);
    }
    confirm_factor(conn, owner, factor, shop_name, context)?;
    TotpDevice::delete(conn, user.id)?;
    delete_unusable_recovery_codes(conn, user.id)?;
    Ok(record_and_notify(conn, user, FactorChange::TotpRemoved, shop_name, context)?)
}

/// Replaces the recovery codes.
pub(super) fn renew_recovery_codes(
    conn: &mut PgConnection,
    owner: &Reauthenticated,
    factor: &SubmittedFactor,
    shop_name: &str,
    context: &WriteContext,
) -> Result<Vec<String>, FactorError> {
    let user = &owner.user;
    if !has_second_factor(conn, user.id)? {
        return Err(FactorError::NotActive);
    }
    confirm_factor(conn, owner, factor, shop_name, context)?;
    record_and_notify(conn, user, FactorChange::RecoveryCodesRenewed, shop_name, context)?;
    replace_recovery_codes(conn, user.id, context.at)
}

/// Settings for completing a sign-in.
pub(super) struct VerifySettings<'a> {
    pub shop_name: &'a str,
    pub sessions: SessionSettings<'a>,
}

/// Completes a sign-in with a code or a recovery code.
pub(super) fn verify(
    conn: &mut PgConnection,
    mfa_token: &str,
    factor: &SubmittedFactor,
    settings: &VerifySettings<'_>,
    context: &WriteContext,
) -> Result<(User, SignInResult), FactorError> {
    let challenge = auth::lock_challenge(conn, mfa_token, context.at)?.ok_or(FactorError::InvalidMfaToken)?;
    let user = active_user(conn, challenge.user_id)?.ok_or(FactorError::InvalidMfaToken)?;
    let context = context.as_user(user.id);
    if let Err(error) = check_factor(conn, &user, factor, settings.shop_name, &context) {
        if error.is_wrong_code() {
            challenge.record_failure(conn)?;
        }
        return Err(error);
    }
    let result = auth::complete_challenge(conn, &challenge, &user, settings.sessions, &context)?;
    Ok((user, result))
}

/// Finds a user who is active.
pub fn active_user(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<User>> {
    Ok(accounts::find_user(conn, id)?.filter(|user| user.is_active))
}

/// Returns true if the user has a confirmed authenticator app.
pub fn has_totp(conn: &mut PgConnection, user: UserId) -> QueryResult<bool> {
    TotpDevice::is_active(conn, user)
}

fn has_second_factor(conn: &mut PgConnection, user: UserId) -> QueryResult<bool> {
    Ok(TotpDevice::is_active(conn, user)? || auth::has_passkey(conn, user)?)
}

/// Returns the number of unused recovery codes.
pub fn recovery_codes_left(conn: &mut PgConnection, user: UserId) -> QueryResult<i64> {
    RecoveryCode::count_unused(conn, user)
}

/// Generates ten recovery codes in place of the old ones. The database stores only their hashes.
pub fn replace_recovery_codes(
    conn: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<String>, FactorError> {
    let codes = (0..RECOVERY_CODES).map(|_| generate_recovery_code()).collect::<anyhow::Result<Vec<_>>>()?;
    let hashes: Vec<_> = codes.iter().map(|code| hash_recovery_code(user, code)).collect();
    RecoveryCode::replace_all(conn, user, &hashes, now)?;
    Ok(codes)
}

/// Deletes the recovery codes of a user without a second factor.
pub fn delete_unusable_recovery_codes(conn: &mut PgConnection, user: UserId) -> QueryResult<()> {
    if !has_second_factor(conn, user)? {
        RecoveryCode::delete_all(conn, user)?;
    }
    Ok(())
}

/// Deletes the authenticator app and the recovery codes of a user. Returns the number of deleted rows.
pub fn delete_factors(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
    Ok(TotpDevice::delete(conn, user)? + RecoveryCode::delete_all(conn, user)?)
}

/// Deletes up to `limit` failures from before `before`, and returns their number.
pub fn purge_failures(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    FactorFailure::delete_before(conn, before, limit)
}
