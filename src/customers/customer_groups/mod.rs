//! Groups of customers: wholesalers, friends of the house, whoever is treated alike.
//!
//! Owns `customer_groups` and `customer_group_members`.

mod errors;
mod handlers;
mod listing;
mod member_handlers;
mod models;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::GroupError;
pub use personal_data::GroupData;
pub use services::forget;

/// Below `/api/customer-groups`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_groups)
        .service(handlers::create_group)
        .service(handlers::get_group)
        .service(handlers::replace_group)
        .service(handlers::change_group)
        .service(handlers::delete_group)
        .service(member_handlers::list_members)
        .service(member_handlers::add_members)
        .service(member_handlers::remove_members);
}
