//! Payments: what was paid for an order, and how.
//!
//! Owns `payments` and `payment_transactions`. Transactions are only ever added; what an order shows as its payment
//! status follows from them.

mod handlers;
pub mod import;
mod models;

use utoipa_actix_web::service_config::ServiceConfig;

/// Below `/api/orders`.
pub fn order_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_payments);
}
