//! Rows of `groups` and `group_members`, and who of the users works here.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::errors::StaffError;
use crate::platform::auth::{Permission, PermissionSet};
use crate::platform::error::ConstraintExt;
use crate::platform::types::{Email, GroupId, UserId};
use crate::schema::{group_members, groups, users};

/// Held by whatever changes rights.
const RIGHTS_LOCK: i64 = 0x5249_4748;

/// A named set of permissions.
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

/// What may be changed.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupChanges {
    pub name: Option<String>,
    pub permissions: Option<PermissionSet>,
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: Text) -> Text;
}

impl Group {
    pub fn permissions(&self) -> PermissionSet {
        PermissionSet::of_names(&self.permissions)
    }

    pub fn find(conn: &mut PgConnection, id: GroupId) -> QueryResult<Option<Self>> {
        Self::query().filter(groups::id.eq(id)).first(conn).optional()
    }

    /// Locked until the transaction ends.
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
        changes: &GroupChanges,
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

    /// Something that belongs to it has changed; its version from now on.
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

pub(super) fn lock_rights(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(format!("select pg_advisory_xact_lock({RIGHTS_LOCK})")).execute(conn).map(|_| ())
}

/// How many are in each group.
pub(super) fn member_counts(conn: &mut PgConnection, ids: &[GroupId]) -> QueryResult<HashMap<GroupId, i64>> {
    let counted: Vec<(GroupId, i64)> = group_members::table
        .filter(group_members::group_id.eq_any(ids))
        .group_by(group_members::group_id)
        .select((group_members::group_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(counted.into_iter().collect())
}

/// The groups of each of these.
pub(super) fn groups_of(conn: &mut PgConnection, users: &[UserId]) -> QueryResult<HashMap<UserId, Vec<GroupId>>> {
    let pairs: Vec<(UserId, GroupId)> = group_members::table
        .filter(group_members::user_id.eq_any(users))
        .order(group_members::group_id)
        .select((group_members::user_id, group_members::group_id))
        .load(conn)?;
    let mut of_each: HashMap<UserId, Vec<GroupId>> = HashMap::new();
    for (user, group) in pairs {
        of_each.entry(user).or_default().push(group);
    }
    Ok(of_each)
}

/// What a group is and allows, for every group that somebody is in.
pub fn rights_of(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Group>> {
    let own = group_members::table.filter(group_members::user_id.eq(user)).select(group_members::group_id);
    Group::query().filter(groups::id.eq_any(own)).order(groups::id).load(conn)
}

/// All that these groups allow together.
pub fn union(groups: &[Group]) -> PermissionSet {
    groups.iter().fold(PermissionSet::default(), |all, group| all.union(&group.permissions()))
}

/// The union of somebody's groups.
pub(super) fn of_user(conn: &mut PgConnection, user: UserId) -> QueryResult<PermissionSet> {
    Ok(union(&rights_of(conn, user)?))
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

/// All that active staff may do together.
pub(super) fn held_by_staff(conn: &mut PgConnection) -> QueryResult<PermissionSet> {
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
    Ok(members.iter().fold(PermissionSet::default(), |all, names| all.union(&PermissionSet::of_names(names))))
}

/// The groups of each active member of staff who may do this; none where a superuser may, who may everything
/// everywhere.
pub fn groups_of_holders(conn: &mut PgConnection, permission: Permission) -> QueryResult<Option<Vec<Vec<GroupId>>>> {
    let active = users::table.filter(users::is_active.and(users::is_staff));
    if diesel::select(diesel::dsl::exists(active.filter(users::is_superuser))).get_result(conn)? {
        return Ok(None);
    }
    let staff: Vec<UserId> = active.select(users::id).load(conn)?;
    let all: Vec<Group> = Group::query().load(conn)?;
    let allowing = all.iter().filter(|group| group.permissions().contains(permission)).map(|group| group.id);
    let allowing: HashSet<GroupId> = allowing.collect();
    let of_each = groups_of(conn, &staff)?.into_values();
    Ok(Some(of_each.filter(|groups| groups.iter().any(|group| allowing.contains(group))).collect()))
}

/// Somebody who works here.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = users)]
pub(super) struct StaffMember {
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
    pub fn find(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(users::id.eq(id).and(users::is_staff)).first(conn).optional()
    }
}
