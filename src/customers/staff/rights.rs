//! What somebody may give and take, and that nothing is left to nobody.

use diesel::pg::PgConnection;

use super::errors::StaffError;
use super::models::{held_by_staff, lock_rights, of_user};
use crate::customers::accounts::User;
use crate::platform::auth::{PermissionSet, Principal};

/// Nobody gives or takes what they lack. Permissions that count in some channels only are less than those that groups
/// and programs have everywhere: whoever is restricted gives and takes none.
pub fn ensure_may_give(principal: &Principal, permissions: &PermissionSet) -> Result<(), StaffError> {
    if !principal.reach.is_everywhere() {
        return Err(StaffError::Restricted);
    }
    ensure_within(principal, permissions)
}

/// Has all of these, wherever they count.
pub fn ensure_within(principal: &Principal, permissions: &PermissionSet) -> Result<(), StaffError> {
    let lacking: PermissionSet = permissions.iter().filter(|permission| !principal.may(*permission)).collect();
    if lacking.is_empty() { Ok(()) } else { Err(StaffError::OutOfScope(lacking)) }
}

/// Nobody changes somebody who may do more than they.
pub(super) fn ensure_above(conn: &mut PgConnection, principal: &Principal, user: &User) -> Result<(), StaffError> {
    if user.is_superuser && !principal.is_superuser {
        return Err(StaffError::OfSuperuser);
    }
    ensure_may_give(principal, &of_user(conn, user.id)?)
}

/// Does `work` unless it takes a permission from its last active holder. Changes of rights come one after the other, so
/// that two who remove each other are not both gone.
pub fn keeping_holders<T, E: From<StaffError>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let held = |conn: &mut PgConnection| held_by_staff(conn).map_err(StaffError::from);
    lock_rights(conn).map_err(StaffError::from)?;
    let before = held(conn)?;
    let done = work(conn)?;
    let lost = before.without(&held(conn)?);
    if lost.is_empty() { Ok(done) } else { Err(StaffError::LastHolder(lost).into()) }
}
