//! Lifecycle: orders, their lines, and the one gate through which their status moves.
//!
//! Owns `orders`, `order_lines`, `order_history` and `order_number_keys`. Other rooms create orders here and move them
//! on; every move is in the history and is an event.

mod access;
mod announcing;
mod beginning;
mod errors;
mod events;
mod handlers;
pub mod import;
mod jobs;
mod listing;
mod models;
mod moving;
mod personal_data;
mod services;
mod status;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use access::{OrderAccess, OrderControl, OrderToken};
pub use errors::OrderError;
pub use events::{OrderEvent, OrderTopic};
pub use jobs::{AdoptGuestOrders, AnnounceOrder, EraseOrderData, ExpireUnpaidOrders};
pub use models::{NewOrder, Order, OrderLine, OrderOrigin};
pub use moving::{Move, move_and_answer};
pub use personal_data::OrderData;
pub use services::{about_buyer, cancel, confirm, create, expect, expire, find, lock, move_on, set_fulfillment_status};
pub use status::{FulfillmentStatus, OrderStatus, PaymentStatus};
pub use views::{OrderView, TransitionBody, expandable_orders};

/// Below `/api/orders`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_orders)
        .service(handlers::get_order)
        .service(handlers::get_history)
        .service(handlers::confirm_order);
}

/// Below `/api/customers`.
pub fn customer_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_my_orders).service(handlers::list_orders_of_customer);
}
