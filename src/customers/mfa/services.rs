//! Finding and resetting the second factors of a user.

use diesel::pg::PgConnection;

use super::errors::MfaError;
use crate::customers::accounts;
use crate::customers::passkeys;
use crate::customers::sessions;
use crate::customers::staff::{begin_permission_change, ensure_can_manage};
use crate::customers::totp::{self, FactorChange};
use crate::platform::auth::Principal;
use crate::platform::types::UserId;
use crate::platform::write_context::WriteContext;

/// Second factors of a user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    pub has_totp: bool,
    pub passkeys: usize,
    pub recovery_codes_left: i64,
}

pub(super) fn find_factors(conn: &mut PgConnection, user: UserId) -> Result<Factors, MfaError> {
    Ok(Factors {
        has_totp: totp::has_totp(conn, user)?,
        passkeys: passkeys::list_passkeys(conn, user)?.len(),
        recovery_codes_left: totp::recovery_codes_left(conn, user)?,
    })
}

/// Deletes all second factors of a user who has lost them. Also revokes the sessions, because another person
/// could use a session on the lost device.
///
/// A principal cannot reset its own second factors, or those of a user with permissions that the principal lacks.
pub(super) fn reset(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    shop_name: &str,
    context: &WriteContext,
) -> Result<(), MfaError> {
    begin_permission_change(conn, principal)?;
    let user = accounts::lock_user(conn, id)?.ok_or(MfaError::NotFound)?;
    context.expected.ensure(user.version)?;
    if principal.user().is_some_and(|own| own.user_id == user.id) {
        return Err(MfaError::OwnAccount);
    }
    ensure_can_manage(conn, principal, &user)?;

    totp::delete_factors(conn, user.id)?;
    passkeys::delete_passkeys(conn, user.id)?;
    sessions::revoke_all(conn, user.id, None, "second factors reset", context)?;
    Ok(totp::record_and_notify(conn, &user, FactorChange::FactorsReset, shop_name, context)?)
}
