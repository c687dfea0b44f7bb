//! What somebody may give and take, and that nothing is left to nobody.

use diesel::pg::PgConnection;

use super::errors::StaffError;
use super::models::{held_by_staff, lock_rights, of_user};
use crate::customers::accounts::{self, User};
use crate::platform::auth::{PermissionSet, Principal, Subject};

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
pub fn ensure_above(conn: &mut PgConnection, principal: &Principal, user: &User) -> Result<(), StaffError> {
    if user.is_superuser && !principal.is_superuser {
        return Err(StaffError::OfSuperuser);
    }
    ensure_may_give(principal, &of_user(conn, user.id)?)
}

/// Takes the turn of whoever changes rights, and asks again whether they still have their permissions: a request knows
/// them as they were when it came in. Of two who dismiss each other, the second is refused.
pub fn take_turn(conn: &mut PgConnection, principal: &Principal) -> Result<(), StaffError> {
    lock_rights(conn)?;
    let Subject::User(who) = &principal.subject else { return Ok(()) };
    let user = accounts::find_user(conn, who.user_id)?.filter(|user| user.is_active && user.is_staff);
    let Some(user) = user else { return Err(StaffError::RightsLost) };
    if user.is_superuser {
        return Ok(());
    }
    let lost = principal.permissions.without(&of_user(conn, user.id)?);
    if principal.is_superuser || !lost.is_empty() { Err(StaffError::RightsLost) } else { Ok(()) }
}

/// Does `work` in its turn, unless it takes a permission from its last active holder.
pub(super) fn keeping_holders<T>(
    conn: &mut PgConnection,
    principal: &Principal,
    work: impl FnOnce(&mut PgConnection) -> Result<T, StaffError>,
) -> Result<T, StaffError> {
    take_turn(conn, principal)?;
    let before = held_by_staff(conn)?;
    let done = work(conn)?;
    let lost = before.without(&held_by_staff(conn)?);
    if lost.is_empty() { Ok(done) } else { Err(StaffError::LastHolder(lost)) }
}
