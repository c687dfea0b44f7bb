//! Checks of submitted codes and recovery codes, and the limit of wrong codes.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;

use super::errors::FactorError;
use super::models::{FactorFailure, RecoveryCode, TotpDevice};
use super::notifications::{FactorChange, record_and_notify};
use super::secrets::{TotpSeed, hash_recovery_code};
use crate::customers::accounts::{self, User};
use crate::customers::verification::Reauthenticated;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::types::UserId;
use crate::platform::write_context::WriteContext;

/// Wrong codes of a user within an hour, after which every code is rejected. One sign-in allows five of them.
const MAX_FAILURES_PER_HOUR: i64 = 20;

/// Code that a client submits as a second factor.
#[derive(Debug, Clone)]
pub enum SubmittedFactor {
    /// Code of the authenticator app.
    Code(String),
    RecoveryCode(String),
    /// The request contains neither.
    None,
}

/// Confirms a change of the second factors.
///
/// Requires a code if the user has an authenticator app. Otherwise requires a recent sign-in, which has checked the
/// passkey of a user who has one.
pub fn confirm_factor(
    conn: &mut PgConnection,
    owner: &Reauthenticated,
    factor: &SubmittedFactor,
    shop_name: &str,
    context: &WriteContext,
) -> Result<(), FactorError> {
    let is_submitted = !matches!(factor, SubmittedFactor::None);
    if is_submitted || TotpDevice::is_active(conn, owner.user.id)? {
        return check_factor(conn, &owner.user, factor, shop_name, context);
    }
    Ok(owner.recent_sign_in?)
}

/// Checks a submitted code and marks it as used. A wrong code is counted as a failure.
pub(super) fn check_factor(
    conn: &mut PgConnection,
    user: &User,
    factor: &SubmittedFactor,
    shop_name: &str,
    context: &WriteContext,
) -> Result<(), FactorError> {
    // The lock makes concurrent requests count their failures one after another.
    accounts::lock_user(conn, user.id)?;
    ensure_failures_below_limit(conn, user.id, context.at)?;
    match factor {
        SubmittedFactor::None => Err(FactorError::CodeRequired),
        SubmittedFactor::Code(code) => {
            if use_totp_code(conn, user.id, code, context)? {
                return Ok(());
            }
            record_failure(conn, user.id, context)?;
            Err(FactorError::WrongCode)
        }
        SubmittedFactor::RecoveryCode(code) => {
            if RecoveryCode::mark_used(conn, user.id, &hash_recovery_code(user.id, code), context.at)? {
                return Ok(record_and_notify(conn, user, FactorChange::RecoveryCodeUsed, shop_name, context)?);
            }
            record_failure(conn, user.id, context)?;
            Err(FactorError::WrongRecoveryCode)
        }
    }
}

/// Checks a code of the user's authenticator app, and invalidates it and all earlier codes.
fn use_totp_code(
    conn: &mut PgConnection,
    user: UserId,
    code: &str,
    context: &WriteContext,
) -> Result<bool, FactorError> {
    let Some(device) = TotpDevice::lock(conn, user)?.filter(TotpDevice::is_confirmed) else {
        return Ok(false);
    };
    let step = TotpSeed::decrypt(&context.key, user, &device.seed)?.time_step(code, context.at)?;
    let Some(step) = step.filter(|step| device.last_step.is_none_or(|last| *step > last)) else {
        return Ok(false);
    };
    device.set_last_step(conn, step)?;
    Ok(true)
}

/// Rejects every code after too many failures within an hour.
pub fn ensure_failures_below_limit(
    conn: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), FactorError> {
    let failures = FactorFailure::count_since(conn, user, now - TimeDelta::hours(1))?;
    if failures < MAX_FAILURES_PER_HOUR { Ok(()) } else { Err(FactorError::TooManyFailures) }
}

/// Counts a wrong code or a rejected passkey.
pub fn record_failure(conn: &mut PgConnection, user: UserId, context: &WriteContext) -> Result<(), FactorError> {
    FactorFailure::insert(conn, user, context.at)?;
    audit::record(conn, context, "user.second_factor_refused", AuditObject::new("user", user), Changes::none())?;
    Ok(())
}
