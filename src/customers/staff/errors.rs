//! What can be wrong with rights.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::customers::accounts::AccountError;
use crate::platform::api::Stale;
use crate::platform::auth::PermissionSet;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::types::GroupId;

#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    #[error("Not found.")]
    NotFound,
    #[error("A group with this name exists already.")]
    NameTaken,
    #[error("This group does not exist.")]
    NoSuchGroup(GroupId),
    #[error("Nobody gives or takes what they lack.")]
    OutOfScope(PermissionSet),
    #[error("Only superusers change superusers.")]
    OfSuperuser,
    #[error("Whoever is restricted to channels neither gives nor takes rights.")]
    Restricted,
    /// Somebody has changed them while this was asked.
    #[error("You do not have permission to perform this action.")]
    RightsLost,
    #[error("Somebody must keep these permissions.")]
    LastHolder(PermissionSet),
    #[error("This person works here already.")]
    AlreadyStaff,
    #[error("This account is switched off.")]
    Inactive,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for StaffError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NameTaken => Kind::invalid("name", ErrorTree::message("unique", self.to_string())),
            Self::NoSuchGroup(id) => Kind::invalid("groups", ErrorTree::does_not_exist(id)),
            Self::OutOfScope(lacking) => {
                Kind::refused(StatusCode::FORBIDDEN, "out_of_scope").with("permissions", json!(lacking))
            }
            Self::OfSuperuser | Self::Restricted => Kind::refused(StatusCode::FORBIDDEN, "out_of_scope"),
            Self::RightsLost => Kind::refused(StatusCode::FORBIDDEN, "permission_denied"),
            Self::LastHolder(lost) => Kind::conflict("last_holder").with("permissions", json!(lost)),
            Self::AlreadyStaff => Kind::invalid("email", ErrorTree::message("unique", self.to_string())),
            Self::Inactive => Kind::invalid("email", ErrorTree::message("inactive", self.to_string())),
            Self::Account(cause) => cause.kind(),
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
