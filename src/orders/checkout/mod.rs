//! Checkout: placing an order in one call.
//!
//! Owns no table. In one transaction it finds the variants, prices the lines, allocates the stock and lets `lifecycle`
//! create the order.

mod errors;
mod handlers;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::CheckoutError;
pub use services::{Buyer, InitialStatus, PlaceOrder, PlacedOrder, RequestedLine, place};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::place_order);
}
