//! Staff and groups as JSON, and what may be sent to change them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{self, Group, GroupChanges, StaffMember};
use super::services::{Invitation, StaffChanges};
use crate::customers::accounts::UserChanges;
use crate::platform::api::{Loaded, Relation, Resource, keys};
use crate::platform::auth::{Permission, PermissionSet, Principal};
use crate::platform::error::Problem;
use crate::platform::http::{body, patch_body};
use crate::platform::types::{ChannelId, Email, GroupId, Line, Paragraph, UserId};

/// Something that can be granted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Permission)]
pub struct PermissionView {
    #[schema(example = "orders.view")]
    pub name: &'static str,
    pub description: &'static str,
}

impl Resource for PermissionView {}

impl From<Permission> for PermissionView {
    fn from(permission: Permission) -> Self {
        Self { name: permission.name(), description: permission.description().trim() }
    }
}

/// What whoever asks may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnPermissions)]
pub struct OwnPermissionsView {
    pub is_superuser: bool,
    /// All that apply; for superusers every one there is.
    pub permissions: PermissionSet,
    /// The channels in which they count; null: in all.
    pub channels: Option<Vec<ChannelId>>,
}

impl Resource for OwnPermissionsView {}

/// A group of staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupView {
    pub id: GroupId,
    pub name: String,
    pub permissions: PermissionSet,
    pub member_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for GroupView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

impl GroupView {
    pub(super) fn of(conn: &mut PgConnection, group: Group) -> QueryResult<Self> {
        let counts = models::member_counts(conn, &[group.id])?;
        Ok(Self::new(group, &counts))
    }

    pub(super) fn of_all(conn: &mut PgConnection, rows: Vec<Group>) -> QueryResult<Vec<Self>> {
        let ids: Vec<GroupId> = rows.iter().map(|group| group.id).collect();
        let counts = models::member_counts(conn, &ids)?;
        Ok(rows.into_iter().map(|group| Self::new(group, &counts)).collect())
    }

    fn new(group: Group, counts: &HashMap<GroupId, i64>) -> Self {
        Self {
            permissions: group.permissions(),
            member_count: counts.get(&group.id).copied().unwrap_or_default(),
            id: group.id,
            name: group.name,
            created_at: group.created_at,
            updated_at: group.updated_at,
            version: group.version,
        }
    }
}

/// Groups in place of their ids, for those who may see them.
pub(super) fn expandable_groups(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    if !principal.is_some_and(|principal| principal.may(Permission::GroupsView)) {
        return Ok(Loaded::default());
    }
    let rows = Group::with_ids(conn, &keys(ids))?;
    Loaded::of(GroupView::of_all(conn, rows)?, principal, |view| view.id.to_string())
}

/// Somebody who works for the shop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
pub struct StaffView {
    pub id: UserId,
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    /// May do everything, whatever the groups.
    pub is_superuser: bool,
    pub groups: Vec<StaffGroup>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// A group that somebody is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffGroup {
    pub group: GroupId,
}

impl StaffGroup {
    const RELATIONS: &'static [Relation] = &[Relation::reference("group", expandable_groups, || &[])];
}

impl Resource for StaffView {
    const RELATIONS: &'static [Relation] = &[Relation::nested("groups", StaffGroup::RELATIONS)];

    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

impl StaffView {
    pub(super) fn of(conn: &mut PgConnection, member: StaffMember) -> QueryResult<Self> {
        let groups = models::groups_of(conn, &[member.id])?;
        Ok(Self::new(member, &groups))
    }

    pub(super) fn of_all(conn: &mut PgConnection, rows: Vec<StaffMember>) -> QueryResult<Vec<Self>> {
        let ids: Vec<UserId> = rows.iter().map(|member| member.id).collect();
        let groups = models::groups_of(conn, &ids)?;
        Ok(rows.into_iter().map(|member| Self::new(member, &groups)).collect())
    }

    fn new(member: StaffMember, groups: &HashMap<UserId, Vec<GroupId>>) -> Self {
        let own = groups.get(&member.id).into_iter().flatten();
        Self {
            groups: own.map(|group| StaffGroup { group: *group }).collect(),
            id: member.id,
            email: member.email,
            first_name: member.first_name,
            last_name: member.last_name,
            is_active: member.is_active,
            is_superuser: member.is_superuser,
            last_login_at: member.last_login_at,
            created_at: member.created_at,
            updated_at: member.updated_at,
            version: member.version,
        }
    }
}

body! {
    #[schema(as = GroupRequest, example = json!({"name": "Warehouse", "permissions": ["orders.view", "fulfillments.ship"]}))]
    pub struct GroupBody {
        pub name: Line<100>,
        pub permissions: PermissionSet,
    }
}

impl GroupBody {
    pub(super) fn into_changes(self) -> GroupChanges {
        GroupChanges { name: Some(self.name.into_inner()), permissions: Some(self.permissions) }
    }
}

patch_body! {
    #[schema(as = PatchedGroupRequest)]
    pub struct PatchedGroupBody {
        pub name: Option<Line<100>>,
        pub permissions: Option<PermissionSet>,
    }
}

impl PatchedGroupBody {
    pub(super) fn into_changes(self) -> GroupChanges {
        GroupChanges { name: self.name.map(Line::into_inner), permissions: self.permissions }
    }
}

body! {
    /// Somebody who is to work for the shop, with or without an account.
    #[schema(as = StaffRequest, example = json!({"email": "wanjiru@example.com", "first_name": "Wanjiru"}))]
    pub struct InvitationBody {
        pub email: Email,
        pub first_name: Option<Paragraph<150>>,
        pub last_name: Option<Paragraph<150>>,
        pub groups: Option<Vec<GroupId>>,
    }
}

impl InvitationBody {
    pub(super) fn into_invitation(self) -> Invitation {
        Invitation {
            email: self.email,
            first_name: self.first_name.map(Paragraph::into_inner).unwrap_or_default(),
            last_name: self.last_name.map(Paragraph::into_inner).unwrap_or_default(),
            groups: self.groups.unwrap_or_default(),
        }
    }
}

patch_body! {
    #[schema(as = PatchedStaffRequest)]
    pub struct PatchedStaffBody {
        pub first_name: Option<Paragraph<150>>,
        pub last_name: Option<Paragraph<150>>,
        /// All groups that this person is in from now on.
        pub groups: Option<Vec<GroupId>>,
    }
}

impl PatchedStaffBody {
    pub(super) fn into_changes(self) -> StaffChanges {
        let names = UserChanges {
            first_name: self.first_name.map(Paragraph::into_inner),
            last_name: self.last_name.map(Paragraph::into_inner),
        };
        StaffChanges { names, groups: self.groups }
    }
}
