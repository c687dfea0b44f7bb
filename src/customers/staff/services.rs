//! Inviting, changing and dismissing staff; making and changing groups.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::StaffError;
use super::models::{self, Group, GroupChanges, StaffMember};
use super::rights::{ensure_above, ensure_may_give, keeping_holders, take_turn};
use crate::customers::accounts::{self, NewAccount, Profile, User, UserChanges};
use crate::customers::auth;
use crate::customers::verification::{TokenLetter, queue_letter, shut_out};
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::{PermissionSet, Principal};
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{Email, GroupId, Language, UserId};

/// Somebody who is to work here.
#[derive(Debug, Clone)]
pub(super) struct Invitation {
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub groups: Vec<GroupId>,
}

/// What may be changed of somebody who works here.
#[derive(Debug, Default)]
pub(super) struct StaffChanges {
    pub names: UserChanges,
    pub groups: Option<Vec<GroupId>>,
}

/// The group of this name, whatever the case of its letters.
pub fn find_group(conn: &mut PgConnection, name: &str) -> QueryResult<Option<Group>> {
    Group::find_by_name(conn, name)
}

/// Makes a group, whoever asks.
pub fn create_group(
    conn: &mut PgConnection,
    name: &str,
    permissions: &PermissionSet,
    origin: &Origin,
) -> Result<Group, StaffError> {
    let group = Group::insert(conn, name, permissions, origin.at)?;
    let told = Changes::created(&facts_of(&group));
    audit::record(conn, origin, "group.created", ("group", group.id.to_string()), told)?;
    Ok(group)
}

/// Makes a group for somebody who may do all that it may.
pub(super) fn grant_group(
    conn: &mut PgConnection,
    principal: &Principal,
    (name, permissions): (&str, &PermissionSet),
    origin: &Origin,
) -> Result<Group, StaffError> {
    take_turn(conn, principal)?;
    ensure_may_give(principal, permissions)?;
    create_group(conn, name, permissions, origin)
}

/// Puts somebody into a group, whoever asks.
pub fn join_group(conn: &mut PgConnection, user: UserId, group: GroupId, origin: &Origin) -> Result<(), StaffError> {
    models::join(conn, user, &[group])?;
    audit::record(
        conn,
        origin,
        "staff.changed",
        ("user", user.to_string()),
        Changes::created(&json!({"joined": [group]})),
    )?;
    Ok(())
}

pub(super) fn change_group(
    conn: &mut PgConnection,
    principal: &Principal,
    id: GroupId,
    changes: &GroupChanges,
    request: &WriteRequest,
) -> Result<Group, StaffError> {
    keeping_holders(conn, principal, |conn| {
        let group = Group::find(conn, id)?.ok_or(StaffError::NotFound)?;
        request.expected.ensure(group.version)?;
        let before = group.permissions();
        ensure_may_give(principal, &before)?;
        if let Some(after) = &changes.permissions {
            ensure_may_give(principal, &after.without(&before))?;
        }
        let changed = group.change(conn, changes, request.origin.at)?;
        let told = Changes::between(&facts_of(&group), &facts_of(&changed));
        audit::record(conn, &request.origin, "group.changed", ("group", id.to_string()), told)?;
        Ok(changed)
    })
}

/// Whoever is in it loses what it allows.
pub(super) fn delete_group(
    conn: &mut PgConnection,
    principal: &Principal,
    id: GroupId,
    request: &WriteRequest,
) -> Result<(), StaffError> {
    keeping_holders(conn, principal, |conn| {
        let group = Group::find(conn, id)?.ok_or(StaffError::NotFound)?;
        request.expected.ensure(group.version)?;
        ensure_may_give(principal, &group.permissions())?;
        let told = Changes::deleted(&facts_of(&group));
        group.delete(conn)?;
        audit::record(conn, &request.origin, "group.deleted", ("group", id.to_string()), told)?;
        Ok(())
    })
}

/// Makes an account without a password, or lets somebody who buys here work here too; they get a mail about it.
pub(super) fn invite(
    conn: &mut PgConnection,
    principal: &Principal,
    invitation: &Invitation,
    rooms: &PersonalDataRegistry,
    origin: &Origin,
) -> Result<StaffMember, StaffError> {
    take_turn(conn, principal)?;
    ensure_can_assign(conn, principal, &invitation.groups)?;
    let user = match accounts::find_by_email(conn, &invitation.email)? {
        Some(user) if user.is_staff => return Err(StaffError::AlreadyStaff),
        Some(user) if !user.is_active => return Err(StaffError::Inactive),
        Some(user) => claim(conn, user, rooms, origin)?,
        None => make_account(conn, invitation, origin)?,
    };
    accounts::set_staff(conn, user.id, true, origin)?;
    models::join(conn, user.id, &invitation.groups)?;
    let told = Changes::created(&json!({"email": invitation.email, "groups": invitation.groups}));
    let told = told.about(user.id, &["email"]);
    audit::record(conn, origin, "staff.invited", ("user", user.id.to_string()), told)?;
    queue_letter(conn, TokenLetter::StaffInvitation, Some(user.id), origin.at)?;
    StaffMember::find(conn, user.id)?.ok_or(StaffError::NotFound)
}

/// The account of an address that nobody has proved may be a stranger's: nothing that opens it now opens it any more.
fn claim(
    conn: &mut PgConnection,
    user: User,
    rooms: &PersonalDataRegistry,
    origin: &Origin,
) -> Result<User, StaffError> {
    if user.is_verified() {
        return Ok(user);
    }
    let profile = Profile::lock(conn, user.id)?.ok_or(StaffError::NotFound)?;
    rooms.disown(conn, profile.customer.id, origin)?;
    accounts::forget_password(conn, &profile, origin)?;
    shut_out(conn, user.id, "invited", origin)?;
    Ok(profile.user)
}

fn make_account(conn: &mut PgConnection, invitation: &Invitation, origin: &Origin) -> Result<User, StaffError> {
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
    Ok(accounts::create(conn, &account, origin)?.user)
}

/// All of these exist, and whoever asks has all that they allow.
fn ensure_can_assign(conn: &mut PgConnection, principal: &Principal, ids: &[GroupId]) -> Result<(), StaffError> {
    let groups = Group::with_ids(conn, ids)?;
    if let Some(missing) = ids.iter().find(|id| groups.iter().all(|group| group.id != **id)) {
        return Err(StaffError::NoSuchGroup(*missing));
    }
    groups.iter().try_for_each(|group| ensure_may_give(principal, &group.permissions()))
}

pub(super) fn change(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    changes: &StaffChanges,
    request: &WriteRequest,
) -> Result<StaffMember, StaffError> {
    keeping_holders(conn, principal, |conn| {
        let person = lock_below(conn, principal, id)?;
        request.expected.ensure(person.user.version)?;
        accounts::change_user(conn, id, &changes.names, request)?;
        if let Some(wanted) = &changes.groups {
            let before = regroup(conn, principal, id, wanted)?;
            let told = Changes::between(&json!({"groups": before}), &json!({"groups": wanted}));
            audit::record(conn, &request.origin, "staff.changed", ("user", id.to_string()), told)?;
        }
        StaffMember::find(conn, id)?.ok_or(StaffError::NotFound)
    })
}

/// The groups that somebody is in from now on; only what changes has to be in reach. Tells those before.
fn regroup(
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

/// Takes all rights off somebody; as a customer they stay.
pub(super) fn dismiss(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    request: &WriteRequest,
) -> Result<(), StaffError> {
    keeping_holders(conn, principal, |conn| {
        let person = lock_below(conn, principal, id)?;
        request.expected.ensure(person.user.version)?;
        let groups = models::groups_of(conn, &[id])?.remove(&id).unwrap_or_default();
        models::leave(conn, id, &groups)?;
        accounts::set_staff(conn, id, false, &request.origin)?;
        auth::end_all(conn, id, None, "dismissed", &request.origin)?;
        audit::record(
            conn,
            &request.origin,
            "staff.dismissed",
            ("user", id.to_string()),
            Changes::deleted(&json!({"groups": groups})),
        )?;
        Ok(())
    })
}

/// Lets somebody sign in, or no longer; who may not is signed out everywhere.
pub(super) fn set_active(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    is_active: bool,
    request: &WriteRequest,
) -> Result<StaffMember, StaffError> {
    keeping_holders(conn, principal, |conn| {
        let person = lock_below(conn, principal, id)?;
        request.expected.ensure(person.user.version)?;
        accounts::switch(conn, &person, is_active, &request.origin)?;
        if !is_active {
            shut_out(conn, id, "account deactivated", &request.origin)?;
        }
        StaffMember::find(conn, id)?.ok_or(StaffError::NotFound)
    })
}

fn lock_below(conn: &mut PgConnection, principal: &Principal, id: UserId) -> Result<Profile, StaffError> {
    let person = Profile::lock(conn, id)?.filter(|person| person.user.is_staff).ok_or(StaffError::NotFound)?;
    ensure_above(conn, principal, &person.user)?;
    Ok(person)
}

/// What the audit log tells of a group.
fn facts_of(group: &Group) -> serde_json::Value {
    json!({"name": group.name, "permissions": group.permissions()})
}
