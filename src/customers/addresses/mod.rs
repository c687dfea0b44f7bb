//! Addresses: billing and shipping addresses of customers.
//!
//! Owns `addresses`: at most 100 per customer, of which one can be the default billing address and one the default
//! shipping address. They have the fields of an order's addresses and are validated by the same rules of their country.

mod errors;
mod handlers;
mod listing;
mod models;
mod personal_data;
mod services;
mod staff_handlers;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::AddressError;
pub use models::{Address, AddressId, DefaultAddresses};
pub use personal_data::AddressData;
pub use services::delete_all;
pub use views::{AddressView, expand_addresses};

/// Routes below `/api/customers`. The routes of `me` come first, because `me` is not a customer id.
pub fn customer_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_my_addresses)
        .service(handlers::add_my_address)
        .service(handlers::get_my_address)
        .service(handlers::replace_my_address)
        .service(handlers::change_my_address)
        .service(handlers::remove_my_address)
        .service(staff_handlers::list_addresses)
        .service(staff_handlers::add_address)
        .service(staff_handlers::get_address)
        .service(staff_handlers::replace_address)
        .service(staff_handlers::change_address)
        .service(staff_handlers::remove_address);
}
