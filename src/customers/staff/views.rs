//! JSON views and request bodies of staff members and groups.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{self, Group, StaffMember};
use super::services::{Invitation, StaffChanges};
use crate::customers::accounts::UserChanges;
use crate::customers::ids::GroupId;
use crate::customers::permissions::ViewGroups;
use crate::platform::api::{ExpandedResources, LoadView, Relation, Resource, View, parse_keys};
use crate::platform::auth::{Permission, PermissionSet, Principal};
use crate::platform::error::Problem;
use crate::platform::http::request_body;
use crate::platform::types::{ChannelId, Email, Text, UserId};

/// Permission that can be granted to a group or an app.
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

/// Permissions of the principal of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnPermissions)]
pub struct OwnPermissionsView {
    pub is_superuser: bool,
    /// Effective permissions. A superuser has all.
    pub permissions: PermissionSet,
    /// Channels in which the permissions apply. Null means all channels.
    pub channels: Option<Vec<ChannelId>>,
}

impl Resource for OwnPermissionsView {}

/// Group of staff members with the same permissions.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Group, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d32", "name": "Order desk",
    "permissions": ["orders.view", "orders.confirm", "fulfillments.ship"], "member_count": 1,
    "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = Group)]
pub struct StaffGroupView {
    pub id: GroupId,
    pub name: String,
    #[view(value = row.permissions())]
    pub permissions: PermissionSet,
    #[view(lookup = models::member_counts)]
    pub member_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Loads groups for `expand`. Requires the permission `groups.view`; without it, the response keeps the ids.
pub(super) fn expand_groups(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    if !principal.is_some_and(|principal| principal.has_permission(ViewGroups::PERMISSION)) {
        return Ok(ExpandedResources::default());
    }
    let rows = Group::with_ids(conn, &parse_keys(ids))?;
    ExpandedResources::new(StaffGroupView::load(conn, rows)?, principal, |view| view.id.to_string())
}

/// Staff member.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Staff, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d31", "email": "joseph@example.com", "first_name": "Joseph",
    "last_name": "Kamau", "is_active": true, "is_superuser": false,
    "groups": [{"group": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d32"}], "last_login_at": "2026-11-21T08:00:00Z",
    "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-21T08:00:00Z",
}))]
#[view(row = StaffMember, relations(Relation::nested("groups", GroupMembership::RELATIONS)))]
pub struct StaffView {
    pub id: UserId,
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    /// True if the staff member has all permissions, independent of groups.
    pub is_superuser: bool,
    #[view(lookup = memberships)]
    pub groups: Vec<GroupMembership>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Membership of a staff member in a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffGroup)]
pub struct GroupMembership {
    pub group: GroupId,
}

impl GroupMembership {
    const RELATIONS: &'static [Relation] = &[Relation::reference("group", expand_groups, || &[])];
}

fn memberships(conn: &mut PgConnection, users: &[UserId]) -> QueryResult<HashMap<UserId, Vec<GroupMembership>>> {
    let groups = models::groups_of(conn, users)?.into_iter();
    Ok(groups
        .map(|(user, groups)| (user, groups.into_iter().map(|group| GroupMembership { group }).collect()))
        .collect())
}

/// Invitation to become a staff member. The e-mail address can belong to an existing account.
#[request_body(StaffRequest)]
#[derive(Debug)]
#[schema(example = json!({
    "email": "joseph@example.com", "first_name": "Joseph", "last_name": "Kamau",
    "groups": ["0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d32"],
}))]
pub struct InvitationBody {
    pub email: Email,
    pub first_name: Option<Text<150>>,
    pub last_name: Option<Text<150>>,
    pub groups: Option<Vec<GroupId>>,
}

impl InvitationBody {
    pub(super) fn into_invitation(self) -> Invitation {
        Invitation {
            email: self.email,
            first_name: self.first_name.map(Text::into_inner).unwrap_or_default(),
            last_name: self.last_name.map(Text::into_inner).unwrap_or_default(),
            groups: self.groups.unwrap_or_default(),
        }
    }
}

#[request_body(PatchedStaffRequest, partial)]
pub struct PatchedStaffBody {
    pub first_name: Option<Text<150>>,
    pub last_name: Option<Text<150>>,
    /// Groups of the staff member. Replaces the present groups.
    pub groups: Option<Vec<GroupId>>,
}

impl PatchedStaffBody {
    pub(super) fn into_changes(self) -> StaffChanges {
        let names = UserChanges {
            first_name: self.first_name.map(Text::into_inner),
            last_name: self.last_name.map(Text::into_inner),
        };
        StaffChanges { names, groups: self.groups }
    }
}
