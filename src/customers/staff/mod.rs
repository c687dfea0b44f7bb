//! Staff: staff members, their groups, and the permissions of groups.
//!
//! Owns `groups` and `group_members`. A staff member has the union of the permissions of their groups; a superuser has
//! all permissions. A principal can grant and revoke only permissions that it has. Every permission that an active
//! staff member holds must keep at least one active holder.

mod errors;
mod group_handlers;
mod handlers;
mod listing;
mod models;
mod permissions;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::StaffError;
pub use models::{Group, combined_permissions, groups_of_permission_holders, groups_of_user};
pub use permissions::{begin_permission_change, ensure_can_grant, ensure_can_manage, ensure_has_permissions};
pub use services::{create_group, find_group, join_group};

/// Routes below `/api/staff`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_staff)
        .service(handlers::invite_staff)
        .service(handlers::get_staff)
        .service(handlers::change_staff)
        .service(handlers::dismiss_staff)
        .service(handlers::activate_staff)
        .service(handlers::deactivate_staff);
}

/// Routes below `/api/groups`.
pub fn group_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(group_handlers::list_groups)
        .service(group_handlers::create_group)
        .service(group_handlers::get_group)
        .service(group_handlers::replace_group)
        .service(group_handlers::change_group)
        .service(group_handlers::delete_group);
}

/// Routes below `/api/permissions`.
pub fn permission_routes(config: &mut ServiceConfig<'_>) {
    config.service(group_handlers::list_permissions);
}

/// Routes below `/api/auth`.
pub fn own_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_own_permissions);
}
