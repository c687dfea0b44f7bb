//! Addresses: where a customer's goods and bills go.
//!
//! Owns `addresses`: at most a hundred for each customer, one of them the default for bills and one for goods. They
//! have the shape of an order's addresses and are checked by the rules of their country, which anybody may read.

mod countries;
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
pub use models::{Address, AddressId};
pub use personal_data::AddressData;
pub use services::forget;
pub use views::{AddressView, expandable};

/// Below `/api/customers`: one's own first, for `me` is no id.
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

/// Below `/api/countries`.
pub fn country_routes(config: &mut ServiceConfig<'_>) {
    config.service(countries::list_countries).service(countries::get_country);
}
