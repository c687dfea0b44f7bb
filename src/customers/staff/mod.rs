//! Staff: who works for the shop, the groups they are in, and what these allow.
//!
//! Owns `groups` and `group_members`. What somebody may do is the union of their groups' permissions; superusers may do
//! everything. Nobody gives or takes what they lack, and every permission keeps at least one active holder.

mod errors;
mod group_handlers;
mod handlers;
mod listing;
mod models;
mod rights;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::StaffError;
pub use models::{Group, groups_of_holders, rights_of, union};
pub use rights::{ensure_above, ensure_may_give, ensure_within, take_turn};
pub use services::{create_group, find_group, join_group};

/// Below `/api/staff`.
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

/// Below `/api/groups`.
pub fn group_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(group_handlers::list_groups)
        .service(group_handlers::create_group)
        .service(group_handlers::get_group)
        .service(group_handlers::replace_group)
        .service(group_handlers::change_group)
        .service(group_handlers::delete_group);
}

/// Below `/api/permissions`.
pub fn permission_routes(config: &mut ServiceConfig<'_>) {
    config.service(group_handlers::list_permissions);
}

/// Below `/api/auth`.
pub fn own_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_own_permissions);
}
