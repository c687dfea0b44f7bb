//! Payments: the payments of an order and their transactions.
//!
//! Owns `payments` and `payment_transactions`. Transactions are never changed or deleted; the payment status of an
//! order is derived from them.

mod handlers;
pub mod import;
mod models;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds the routes below `/api/orders`.
pub fn order_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_payments);
}
