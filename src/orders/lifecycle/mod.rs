//! Lifecycle: orders, their lines, and the transitions of their status.
//!
//! Owns `orders`, `order_lines`, `order_history` and `order_number_keys`. Other rooms call [`create`] and
//! [`change_status`]; every status change is recorded in the history and published as an event.

mod events;
mod handlers;
pub mod import;
mod listing;
mod models;
mod services;
mod status;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use events::{OrderEvent, OrderTopic};
pub use handlers::{OrderTransition, transition_order};
pub use models::{NewOrder, Order, OrderHistoryEntry, OrderLine, OrderOrigin};
pub use services::{
    OrderError, cancel, change_status, confirm, create, ensure_version, find, lock, mark_buyer_data,
    set_fulfillment_status,
};
pub use status::{FulfillmentStatus, OrderStatus, PaymentStatus};
pub use views::{OrderView, TransitionBody, expandable_orders};

/// Adds the routes below `/api/orders`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_orders)
        .service(handlers::get_order)
        .service(handlers::get_history)
        .service(handlers::confirm_order);
}

/// Adds the routes below `/api/customers`.
pub fn customer_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_my_orders).service(handlers::list_orders_of_customer);
}
