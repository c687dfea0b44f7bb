//! Fulfillment: parcels with quantities of order lines, from preparation to delivery.
//!
//! Owns `fulfillments` and `fulfillment_lines`. The fulfillment status of an order is derived from these rows.

mod handlers;
pub mod import;
mod models;
mod services;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::{ShippingLabel, find_tracking_number};
pub use services::{cancel, deliver, process, ship};

/// Adds the routes below `/api/orders`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::process_order)
        .service(handlers::ship_order)
        .service(handlers::deliver_order)
        .service(handlers::cancel_order);
}
