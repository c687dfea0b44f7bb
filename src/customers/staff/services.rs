//! Inviting, changing and dismissing staff members; creating and changing groups.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::StaffError;
use super::models::{self, Group, PatchedStaffGroupBody, StaffMember};
use super::permissions::{begin_permission_change, ensure_can_grant, ensure_can_manage, ensuring_holders_remain};
use crate::customers::accounts::{self, NewAccount, Profile, User, UserChanges};
use crate::customers::ids::GroupId;
use crate::customers::sessions;
use crate::customers::verification::{TokenMail, queue_token_mail, revoke_access};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{PermissionSet, Principal};
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{Email, Language, UserId};
use crate::platform::write_context::WriteContext;

/// Invitation to become a staff member.
#[derive(Debug, Clone)]
pub(super) struct Invitation {
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub groups: Vec<GroupId>,
}

/// Changes of a staff member. `None` keeps the present value.
#[derive(Debug, Default)]
pub(super) struct StaffChanges {
    pub names: UserChanges,
    pub groups: Option<Vec<GroupId>>,
}

/// Returns the group with this name. The comparison is case-insensitive.
pub fn find_group(conn: &mut PgConnection, name: &str) -> QueryResult<Option<Group>> {
    Group::find_by_name(conn, name)
}

/// Creates a group without checking permissions.
pub fn create_group(
    conn: &mut PgConnection,
    name: &str,
    permissions: &PermissionSet,
    context: &WriteContext,
) -> Result<Group, StaffError> {
    let group = Group::insert(conn, name, permissions, context.at)?;
    let changes = Changes::created(&audit_fields(&group));
    audit::record(conn, context, "group.created", AuditObject::new("group", group.id), changes)?;
    Ok(group)
}

/// Creates a group if the principal has all its permissions.
pub(super) fn create_group_as(
    conn: &mut PgConnection,
    principal: &Principal,
    name: &str,
    permissions: &PermissionSet,
    context: &WriteContext,
) -> Result<Group, StaffError> {
    begin_permission_change(conn, principal)?;
    ensure_can_grant(principal, permissions)?;
    create_group(conn, name, permissions, context)
}

/// Adds a user to a group without checking permissions.
pub fn join_group(
    conn: &mut PgConnection,
    user: UserId,
    group: GroupId,
    context: &WriteContext,
) -> Result<(), StaffError> {
    models::join(conn, user, &[group])?;
    let changes = Changes::created(&json!({"joined": [group]}));
    audit::record(conn, context, "staff.changed", AuditObject::new("user", user), changes)?;
    Ok(())
}

pub(super) fn change_group(
    conn: &mut PgConnection,
    principal: &Principal,
    id: GroupId,
    changes: &PatchedStaffGroupBody,
    context: &WriteContext,
) -> Result<Group, StaffError> {
    ensuring_holders_remain(conn, principal, |conn| {
        let group = Group::get(conn, id)?;
        context.expected.ensure(group.version)?;
        let before = group.permissions();
        ensure_can_grant(principal, &before)?;
        if let Some(after) = &changes.permissions {
            ensure_can_grant(principal, &after.without(&before))?;
        }
        let changed = group.change(conn, changes, context.at)?;
        let changes = Changes::between(&audit_fields(&group), &audit_fields(&changed));
        audit::record(conn, context, "group.changed", AuditObject::new("group", id), changes)?;
        Ok(changed)
    })
}

/// Deletes a group. Its members lose its permissions.
pub(super) fn delete_group(
    conn: &mut PgConnection,
    principal: &Principal,
    id: GroupId,
    context: &WriteContext,
) -> Result<(), StaffError> {
    ensuring_holders_remain(conn, principal, |conn| {
        let group = Group::get(conn, id)?;
        context.expected.ensure(group.version)?;
        ensure_can_grant(principal, &group.permissions())?;
        let changes = Changes::deleted(&audit_fields(&group));
        group.delete(conn)?;
        audit::record(conn, context, "group.deleted", AuditObject::new("group", id), changes)?;
        Ok(())
    })
}

/// Makes a user a staff member and notifies them by e-mail. Creates an account without a password if the e-mail address
/// has no account.
pub(super) fn invite(
    conn: &mut PgConnection,
    principal: &Principal,
    invitation: &Invitation,
    personal_data: &PersonalDataRegistry,
    context: &WriteContext,
) -> Result<StaffMember, StaffError> {
    begin_permission_change(conn, principal)?;
    ensure_can_assign(conn, principal, &invitation.groups)?;
    let user = match accounts::find_by_email(conn, &invitation.email)? {
        Some(user) if user.is_staff => return Err(StaffError::AlreadyStaff),
        Some(user) if !user.is_active => return Err(StaffError::Inactive),
        Some(user) => reset_unverified_account(conn, user, personal_data, context)?,
        None => create_account(conn, invitation, context)?,
    };
    accounts::set_staff(conn, user.id, true, context)?;
    models::join(conn, user.id, &invitation.groups)?;
    let changes = Changes::created(&json!({"email": invitation.email, "groups": invitation.groups}));
    let changes = changes.mark_personal(user.id, &["email"]);
    audit::record(conn, context, "staff.invited", AuditObject::new("user", user.id), changes)?;
    queue_token_mail(conn, TokenMail::StaffInvitation, Some(user.id), context.at)?;
    StaffMember::get(conn, user.id)
}

/// Removes the password, the linked identities, the second factors and the sessions of an account whose e-mail address
/// is not verified, because another person could have registered the address.
fn reset_unverified_account(
    conn: &mut PgConnection,
    user: User,
    personal_data: &PersonalDataRegistry,
    context: &WriteContext,
) -> Result<User, StaffError> {
    if user.is_verified() {
        return Ok(user);
    }
    let profile = Profile::lock(conn, user.id)?.ok_or(StaffError::NotFound)?;
    personal_data.remove_secondary_credentials(conn, profile.customer.id, context)?;
    accounts::remove_password(conn, &profile, context)?;
    revoke_access(conn, user.id, "invited", context)?;
    Ok(profile.user)
}

fn create_account(
    conn: &mut PgConnection,
    invitation: &Invitation,
    context: &WriteContext,
) -> Result<User, StaffError> {
    let account = NewAccount {
        email: invitation.email.clone(),
        password_hash: None,
        first_name: invitation.first_name.clone(),
        last_name: invitation.last_name.clone(),
        phone: None,
        language: Language::default(),
        is_staff: false,
        is_superuser: false,
    };
    Ok(accounts::create(conn, &account, context)?.user)
}

/// Checks that all groups exist and that the principal has all their permissions.
fn ensure_can_assign(conn: &mut PgConnection, principal: &Principal, ids: &[GroupId]) -> Result<(), StaffError> {
    let groups = Group::with_ids(conn, ids)?;
    if let Some(missing) = ids.iter().find(|id| groups.iter().all(|group| group.id != **id)) {
        return Err(StaffError::NoSuchGroup(*missing));
    }
    groups.iter().try_for_each(|group| ensure_can_grant(principal, &group.permissions()))
}

pub(super) fn change(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    changes: &StaffChanges,
    context: &WriteContext,
) -> Result<StaffMember, StaffError> {
    ensuring_holders_remain(conn, principal, |conn| {
        let profile = lock_manageable(conn, principal, id)?;
        context.expected.ensure(profile.user.version)?;
        accounts::change_user(conn, id, &changes.names, context)?;
        if let Some(wanted) = &changes.groups {
            let before = set_groups(conn, principal, id, wanted)?;
            let changes = Changes::between(&json!({"groups": before}), &json!({"groups": wanted}));
            audit::record(conn, context, "staff.changed", AuditObject::new("user", id), changes)?;
        }
        StaffMember::get(conn, id)
    })
}

/// Replaces the groups of a user and returns the previous ones. The principal needs only the permissions of the groups
/// that are added.
fn set_groups(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    wanted: &[GroupId],
) -> Result<Vec<GroupId>, StaffError> {
    let present = models::groups_of(conn, &[id])?.remove(&id).unwrap_or_default();
    let joined: Vec<GroupId> = wanted.iter().copied().filter(|group| !present.contains(group)).collect();
    let left: Vec<GroupId> = present.iter().copied().filter(|group| !wanted.contains(group)).collect();
    ensure_can_assign(conn, principal, &joined)?;
    models::join(conn, id, &joined)?;
    models::leave(conn, id, &left)?;
    Ok(present)
}

/// Dismisses a staff member: removes all groups and revokes all sessions. The account remains a customer account.
pub(super) fn dismiss(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    context: &WriteContext,
) -> Result<(), StaffError> {
    ensuring_holders_remain(conn, principal, |conn| {
        let profile = lock_manageable(conn, principal, id)?;
        context.expected.ensure(profile.user.version)?;
        let groups = models::groups_of(conn, &[id])?.remove(&id).unwrap_or_default();
        models::leave(conn, id, &groups)?;
        accounts::set_staff(conn, id, false, context)?;
        sessions::revoke_all(conn, id, None, "dismissed", context)?;
        let changes = Changes::deleted(&json!({"groups": groups}));
        audit::record(conn, context, "staff.dismissed", AuditObject::new("user", id), changes)?;
        Ok(())
    })
}

/// Activates or deactivates a staff member's account. Deactivation revokes all sessions.
pub(super) fn set_active(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    is_active: bool,
    context: &WriteContext,
) -> Result<StaffMember, StaffError> {
    ensuring_holders_remain(conn, principal, |conn| {
        let profile = lock_manageable(conn, principal, id)?;
        context.expected.ensure(profile.user.version)?;
        accounts::set_active(conn, &profile, is_active, context)?;
        if !is_active {
            revoke_access(conn, id, "account deactivated", context)?;
        }
        StaffMember::get(conn, id)
    })
}

fn lock_manageable(conn: &mut PgConnection, principal: &Principal, id: UserId) -> Result<Profile, StaffError> {
    let profile = Profile::lock(conn, id)?.filter(|profile| profile.user.is_staff).ok_or(StaffError::NotFound)?;
    ensure_can_manage(conn, principal, &profile.user)?;
    Ok(profile)
}

/// Returns the fields of a group for the audit log.
fn audit_fields(group: &Group) -> serde_json::Value {
    json!({"name": group.name, "permissions": group.permissions()})
}
