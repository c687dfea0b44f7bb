//! Rules for granting and revoking permissions.

use diesel::pg::PgConnection;

use super::errors::StaffError;
use super::models::{lock_permission_changes, permissions_of_active_staff, permissions_of_user};
use crate::customers::accounts::{self, User};
use crate::platform::auth::{PermissionSet, Principal, Subject};

/// Checks that the principal can grant and revoke these permissions: it must have all of them.
///
/// A channel-restricted principal cannot grant or revoke any permission, because groups and apps have their permissions
/// in all channels.
pub fn ensure_can_grant(principal: &Principal, permissions: &PermissionSet) -> Result<(), StaffError> {
    if !principal.channel_scope.is_unrestricted() {
        return Err(StaffError::ChannelRestricted);
    }
    ensure_has_permissions(principal, permissions)
}

/// Checks that the principal has all of these permissions in at least one channel.
pub fn ensure_has_permissions(principal: &Principal, permissions: &PermissionSet) -> Result<(), StaffError> {
    let missing: PermissionSet =
        permissions.iter().filter(|permission| !principal.has_permission(*permission)).collect();
    if missing.is_empty() { Ok(()) } else { Err(StaffError::MissingPermissions(missing)) }
}

/// Checks that the principal can change this staff member, who must not have permissions that the principal lacks.
pub fn ensure_can_manage(conn: &mut PgConnection, principal: &Principal, user: &User) -> Result<(), StaffError> {
    if user.is_superuser && !principal.is_superuser {
        return Err(StaffError::SuperuserRequired);
    }
    ensure_can_grant(principal, &permissions_of_user(conn, user.id)?)
}

/// Acquires the lock that serializes permission changes, and checks that the principal still has its permissions.
///
/// The request loaded them before the lock: if two staff members dismiss each other concurrently, the second request
/// must be rejected.
pub fn begin_permission_change(conn: &mut PgConnection, principal: &Principal) -> Result<(), StaffError> {
    lock_permission_changes(conn)?;
    let Subject::User(signed_in) = &principal.subject else { return Ok(()) };
    let user = accounts::find_user(conn, signed_in.user_id)?.filter(|user| user.is_active && user.is_staff);
    let Some(user) = user else { return Err(StaffError::PermissionsLost) };
    if user.is_superuser {
        return Ok(());
    }
    let lost = principal.permissions.without(&permissions_of_user(conn, user.id)?);
    if principal.is_superuser || !lost.is_empty() { Err(StaffError::PermissionsLost) } else { Ok(()) }
}

/// Runs `work` under the lock of permission changes. Returns an error if `work` removes a permission from its last
/// active holder.
pub(super) fn ensuring_holders_remain<T>(
    conn: &mut PgConnection,
    principal: &Principal,
    work: impl FnOnce(&mut PgConnection) -> Result<T, StaffError>,
) -> Result<T, StaffError> {
    begin_permission_change(conn, principal)?;
    let before = permissions_of_active_staff(conn)?;
    let result = work(conn)?;
    let lost = before.without(&permissions_of_active_staff(conn)?);
    if lost.is_empty() { Ok(result) } else { Err(StaffError::LastHolder(lost)) }
}
