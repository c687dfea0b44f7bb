//! Fulfilment: which goods of an order left from where, and when they arrived.
//!
//! Owns `fulfillments` and `fulfillment_lines`. The order's fulfilment status follows from these rows.

mod handlers;
pub mod import;
mod models;
mod services;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::Label;
pub use services::{cancel, deliver, process, ship};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::process_order)
        .service(handlers::ship_order)
        .service(handlers::deliver_order)
        .service(handlers::cancel_order);
}
