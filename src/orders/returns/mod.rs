//! Returns: what came back, as documents of their own.
//!
//! Owns `returns` and `return_lines`. An imported credit note may name no order; it is summed by itself.

mod handlers;
pub mod import;
mod listing;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::ReturnId;
pub use services::take_back;

/// Below `/api/orders`.
pub fn order_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::take_back_order);
}

/// Below `/api/returns`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_returns).service(handlers::get_return);
}
