//! Warehouses: the locations that store and ship goods.
//!
//! Owns `warehouses`. Allocations use the active warehouses in the order of `sort_order`; goods without a named
//! warehouse belong to the first one.

mod errors;
mod handlers;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::Warehouse;
pub use views::{WarehouseView, expandable};

/// Registers the routes below `/api/warehouses`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_warehouses).service(handlers::create_warehouse);
}
