//! Stock: the quantity on hand and the allocated quantity of each variant in each warehouse.
//!
//! Owns `stocks`, `stock_allocations` and `stock_movements`. Callers [`allocate`] inside their own transaction and
//! later either [`ship`] or [`release`] the allocation. Rows are always locked in the order of their ids, so that
//! transactions cannot deadlock. Every change of a stock level writes an entry to the ledger, `stock_movements`.

mod adjustments;
mod allocations;
mod errors;
mod handlers;
mod ledger;
mod listing;
mod models;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use adjustments::{
    Adjustment, InitialStock, QuantityChange, StockCount, adjust, lock_first_warehouse_levels, minimum_quantity,
    receive_initial_stock, record_counts,
};
pub use allocations::{Demand, allocate, release, restock_order, ship};
pub use errors::StockError;
pub use models::Stock;
pub use views::StockQuantity;

/// Registers the routes below `/api/stocks`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_levels).service(handlers::adjust_level).service(handlers::get_level);
}

/// Registers the routes below `/api/stock-movements`.
pub fn movement_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_movements);
}
