//! Errors of staff, groups and permissions.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::customers::accounts::AccountError;
use crate::customers::ids::GroupId;
use crate::platform::auth::PermissionSet;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum StaffError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("A group with this name exists already.")]
    #[kind(invalid("name", "unique"))]
    NameTaken,
    #[error("This group does not exist.")]
    #[kind(with = unknown_group)]
    NoSuchGroup(GroupId),
    #[error("You cannot grant or revoke permissions that you do not have.")]
    #[kind(with = missing_permissions)]
    MissingPermissions(PermissionSet),
    #[error("Only a superuser can change a superuser.")]
    #[kind(forbidden = "out_of_scope")]
    SuperuserRequired,
    #[error("You cannot grant or revoke permissions because your access is restricted to channels.")]
    #[kind(forbidden = "out_of_scope")]
    ChannelRestricted,
    /// The principal's permissions were revoked after the request was authenticated.
    #[error("You do not have permission to perform this action.")]
    #[kind(forbidden = "permission_denied")]
    PermissionsLost,
    #[error("At least one active staff member must keep these permissions.")]
    #[kind(with = last_holder)]
    LastHolder(PermissionSet),
    #[error("This user is already a staff member.")]
    #[kind(invalid("email", "unique"))]
    AlreadyStaff,
    #[error("This account is deactivated. Activate it first.")]
    #[kind(invalid("email", "inactive"))]
    Inactive,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn unknown_group(id: &GroupId) -> Kind {
    Kind::invalid("groups", ErrorTree::does_not_exist(id))
}

fn missing_permissions(missing: &PermissionSet) -> Kind {
    Kind::rejected(StatusCode::FORBIDDEN, "out_of_scope").with("permissions", json!(missing))
}

fn last_holder(lost: &PermissionSet) -> Kind {
    Kind::conflict("last_holder").with("permissions", json!(lost))
}
