//! Checkout: placing an order in one call.
//!
//! Owns no table: it finds what is wanted, prices it, sets the stock aside and hands the order to the lifecycle, all
//! in one transaction.

mod errors;
mod handlers;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::CheckoutError;
pub use services::{Buyer, PlaceOrder, PlacedOrder, Placement, WantedLine, place};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::place_order);
}
