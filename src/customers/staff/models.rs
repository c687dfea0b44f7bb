//! Rows of `groups` and `group_members`, and staff members among the rows of `users`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::errors::StaffError;
use crate::customers::ids::GroupId;
use crate::platform::auth::{Permission, PermissionSet};
use crate::platform::error::ConstraintExt;
use crate::platform::http::request_body;
use crate::platform::types::{Email, NonEmptyText, UserId};
use crate::schema::{group_members, groups, users};

/// Key of the advisory lock that serializes permission changes.
const PERMISSION_CHANGES_LOCK: i64 = 0x5249_4748;

/// Row of `groups`: a named set of permissions.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = groups)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub permissions: Vec<Option<String>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[request_body(GroupRequest, patch = PatchedStaffGroupBody)]
#[derive(Debug, Clone)]
#[schema(example = json!({"name": "Order desk", "permissions": ["orders.view", "orders.confirm", "fulfillments.ship"]}))]
pub struct StaffGroupBody {
    pub name: NonEmptyText<100>,
    pub permissions: PermissionSet,
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: Text) -> Text;
}

impl Group {
    pub fn permissions(&self) -> PermissionSet {
        PermissionSet::from_names(&self.permissions)
    }

    pub fn find(conn: &mut PgConnection, id: GroupId) -> QueryResult<Option<Self>> {
        Self::query().filter(groups::id.eq(id)).first(conn).optional()
    }

    pub(super) fn get(conn: &mut PgConnection, id: GroupId) -> Result<Self, StaffError> {
        Self::find(conn, id)?.ok_or(StaffError::NotFound)
    }

    /// Returns the group, locked until the transaction ends.
    pub fn lock(conn: &mut PgConnection, id: GroupId) -> QueryResult<Option<Self>> {
        Self::query().filter(groups::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    pub(super) fn find_by_name(conn: &mut PgConnection, name: &str) -> QueryResult<Option<Self>> {
        Self::query().filter(lower(groups::name).eq(name.to_lowercase())).first(conn).optional()
    }

    pub fn with_ids(conn: &mut PgConnection, ids: &[GroupId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(groups::id.eq_any(ids)).load(conn)
    }

    pub(super) fn insert(
        conn: &mut PgConnection,
        name: &str,
        permissions: &PermissionSet,
        now: DateTime<Utc>,
    ) -> Result<Self, StaffError> {
        diesel::insert_into(groups::table)
            .values((
                groups::id.eq(GroupId::generate()),
                groups::name.eq(name),
                groups::permissions.eq(permissions.names()),
                groups::created_at.eq(now),
                groups::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("groups_name_key", || StaffError::NameTaken)
    }

    pub(super) fn change(
        &self,
        conn: &mut PgConnection,
        changes: &PatchedStaffGroupBody,
        now: DateTime<Utc>,
    ) -> Result<Self, StaffError> {
        let names = changes.permissions.as_ref().map(PermissionSet::names);
        diesel::update(groups::table.find(self.id))
            .set((
                changes.name.as_ref().map(|name| groups::name.eq(name)),
                names.map(|names| groups::permissions.eq(names)),
                groups::version.eq(groups::version + 1),
                groups::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("groups_name_key", || StaffError::NameTaken)
    }

    /// Increments the version after a change of a row that belongs to the group, and returns the new version.
    pub fn touch(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<i32> {
        diesel::update(groups::table.find(self.id))
            .set((groups::version.eq(groups::version + 1), groups::updated_at.eq(now)))
            .returning(groups::version)
            .get_result(conn)
    }

    pub(super) fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(groups::table.find(self.id)).execute(conn)
    }
}

pub(super) fn lock_permission_changes(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(format!("select pg_advisory_xact_lock({PERMISSION_CHANGES_LOCK})")).execute(conn).map(|_| ())
}

/// Returns the number of members of each group.
pub(super) fn member_counts(conn: &mut PgConnection, ids: &[GroupId]) -> QueryResult<HashMap<GroupId, i64>> {
    let counted: Vec<(GroupId, i64)> = group_members::table
        .filter(group_members::group_id.eq_any(ids))
        .group_by(group_members::group_id)
        .select((group_members::group_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(counted.into_iter().collect())
}

/// Returns the group ids of each user.
pub(super) fn groups_of(conn: &mut PgConnection, users: &[UserId]) -> QueryResult<HashMap<UserId, Vec<GroupId>>> {
    let pairs: Vec<(UserId, GroupId)> = group_members::table
        .filter(group_members::user_id.eq_any(users))
        .order(group_members::group_id)
        .select((group_members::user_id, group_members::group_id))
        .load(conn)?;
    let mut groups: HashMap<UserId, Vec<GroupId>> = HashMap::new();
    for (user, group) in pairs {
        groups.entry(user).or_default().push(group);
    }
    Ok(groups)
}

/// Returns the groups of a user.
pub fn groups_of_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Group>> {
    let own = group_members::table.filter(group_members::user_id.eq(user)).select(group_members::group_id);
    Group::query().filter(groups::id.eq_any(own)).order(groups::id).load(conn)
}

/// Returns the union of the groups' permissions.
pub fn combined_permissions(groups: &[Group]) -> PermissionSet {
    groups.iter().fold(PermissionSet::default(), |all, group| all.union(&group.permissions()))
}

/// Returns the union of the permissions of the user's groups.
pub(super) fn permissions_of_user(conn: &mut PgConnection, user: UserId) -> QueryResult<PermissionSet> {
    Ok(combined_permissions(&groups_of_user(conn, user)?))
}

pub(super) fn join(conn: &mut PgConnection, user: UserId, groups: &[GroupId]) -> QueryResult<()> {
    let rows: Vec<_> =
        groups.iter().map(|group| (group_members::user_id.eq(user), group_members::group_id.eq(group))).collect();
    diesel::insert_into(group_members::table).values(rows).on_conflict_do_nothing().execute(conn).map(|_| ())
}

pub(super) fn leave(conn: &mut PgConnection, user: UserId, groups: &[GroupId]) -> QueryResult<()> {
    let left = group_members::table.filter(group_members::user_id.eq(user).and(group_members::group_id.eq_any(groups)));
    diesel::delete(left).execute(conn).map(|_| ())
}

/// Returns the union of the permissions of all active staff members.
pub(super) fn permissions_of_active_staff(conn: &mut PgConnection) -> QueryResult<PermissionSet> {
    let active = users::table.filter(users::is_active.and(users::is_staff));
    let superusers = active.filter(users::is_superuser).select(users::id);
    if diesel::select(diesel::dsl::exists(superusers)).get_result(conn)? {
        return Ok(PermissionSet::all());
    }
    let members: Vec<Vec<Option<String>>> = groups::table
        .inner_join(group_members::table.inner_join(users::table))
        .filter(users::is_active.and(users::is_staff))
        .select(groups::permissions)
        .distinct()
        .load(conn)?;
    Ok(members.iter().fold(PermissionSet::default(), |all, names| all.union(&PermissionSet::from_names(names))))
}

/// Returns the groups of each active staff member who has this permission through a group. Returns `None` if there is
/// an active superuser, who has every permission in all channels.
pub fn groups_of_permission_holders(
    conn: &mut PgConnection,
    permission: Permission,
) -> QueryResult<Option<Vec<Vec<GroupId>>>> {
    let active = users::table.filter(users::is_active.and(users::is_staff));
    if diesel::select(diesel::dsl::exists(active.filter(users::is_superuser))).get_result(conn)? {
        return Ok(None);
    }
    let staff: Vec<UserId> = active.select(users::id).load(conn)?;
    let all: Vec<Group> = Group::query().load(conn)?;
    let granting = all.iter().filter(|group| group.permissions().contains(permission)).map(|group| group.id);
    let granting: HashSet<GroupId> = granting.collect();
    let groups_by_member = groups_of(conn, &staff)?.into_values();
    Ok(Some(groups_by_member.filter(|groups| groups.iter().any(|group| granting.contains(group))).collect()))
}

/// Row of `users`: a staff member.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = users)]
pub struct StaffMember {
    pub id: UserId,
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub is_superuser: bool,
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl StaffMember {
    pub fn get(conn: &mut PgConnection, id: UserId) -> Result<Self, StaffError> {
        let member = Self::query().filter(users::id.eq(id).and(users::is_staff)).first(conn).optional()?;
        member.ok_or(StaffError::NotFound)
    }
}
