//! Stock: how many of each variant there are in each warehouse, and how many are promised.
//!
//! Owns `warehouses`, `stocks`, `stock_allocations` and `stock_movements`. Callers allocate inside their own
//! transaction and later either [`ship`] what they hold or [`release`] it. Rows are always locked in the order of their
//! ids, so that no two callers wait for each other, and every change is written into the ledger.

mod adjusting;
mod allocating;
mod errors;
mod handlers;
pub mod import;
mod ledger;
mod listing;
mod models;
mod setting_aside;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use adjusting::{Adjustment, Change, adjust, receive};
pub use allocating::{Demand, allocate, release, ship, take_back};
pub use errors::StockError;
pub use models::Stock;
pub use views::Level;

/// Below `/api/stocks`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_levels).service(handlers::adjust_level).service(handlers::get_level);
}

/// Below `/api/warehouses`.
pub fn warehouse_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_warehouses).service(handlers::create_warehouse);
}

/// Below `/api/stock-movements`.
pub fn movement_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_movements);
}
