//! Errors of the stock operations.

use serde_json::{Map, Value, json};

use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::products::ids::StockId;

/// Order line with insufficient stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Index of the line in the order.
    pub line_index: usize,
    pub sku: String,
    pub requested: i32,
    /// Quantity that remained after the preceding lines.
    pub available: i32,
}

#[derive(Debug, thiserror::Error, ApiError)]
pub enum StockError {
    #[error("Not enough stock.")]
    #[kind(with = out_of_stock)]
    OutOfStock(Vec<Shortage>),
    #[error("The quantity cannot be lower than the quantity that is allocated to orders.")]
    #[kind(conflict = "stock_allocated")]
    BelowAllocated,
    #[error("You can add at most {maximum}.")]
    #[kind(with = too_many)]
    TooMany { maximum: i32 },
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("This warehouse does not exist.")]
    #[kind(with = unknown_warehouse)]
    WarehouseNotFound(String),
    #[error("This variant does not exist.")]
    #[kind(with = unknown_variant)]
    VariantNotFound(String),
    #[error("stock level {0} does not exist")]
    #[kind(internal)]
    LevelMissing(StockId),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn out_of_stock(shortages: &[Shortage]) -> Kind {
    Kind::conflict("out_of_stock").with("lines", shortages_by_line(shortages))
}

fn too_many(maximum: &i32) -> Kind {
    Kind::invalid("delta", ErrorTree::max_value(i64::from(*maximum)))
}

fn unknown_warehouse(code: &str) -> Kind {
    let text = format!("Object with code={code} does not exist.");
    Kind::invalid("warehouse", ErrorTree::message("does_not_exist", text))
}

fn unknown_variant(sku: &str) -> Kind {
    let text = format!("Object with sku={sku} does not exist.");
    Kind::invalid("sku", ErrorTree::message("does_not_exist", text))
}

fn shortages_by_line(shortages: &[Shortage]) -> Value {
    let lines = shortages.iter().map(|shortage| {
        let Shortage { line_index, sku, requested, available } = shortage;
        (line_index.to_string(), json!({"sku": sku, "requested": requested, "available": available}))
    });
    Value::Object(Map::from_iter(lines))
}
