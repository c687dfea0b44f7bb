//! Customer groups, such as wholesale customers.
//!
//! Owns `customer_groups` and `customer_group_members`.

mod errors;
mod handlers;
mod models;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::GroupError;
pub use personal_data::GroupData;

/// Routes below `/api/customer-groups`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_groups).service(handlers::create_group).service(handlers::get_group);
    config.service(handlers::replace_group).service(handlers::update_group).service(handlers::delete_group);
    config.service(handlers::list_members).service(handlers::add_members).service(handlers::remove_members);
}
