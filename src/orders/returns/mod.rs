//! Returns: documents about returned goods.
//!
//! Owns `returns` and `return_lines`. The return of an imported credit note has no order.

mod handlers;
pub mod import;
mod listing;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::ReturnId;
pub use services::return_order;

/// Adds the routes below `/api/orders`.
pub fn order_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::create_return);
}

/// Adds the routes below `/api/returns`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_returns).service(handlers::get_return);
}
