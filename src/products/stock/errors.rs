//! What can be wrong with a change of stock.

use serde_json::{Map, Value, json};

use crate::platform::error::{ApiError, ErrorTree, Kind};

/// A line that cannot be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The line's place in the order.
    pub place: usize,
    pub sku: String,
    pub requested: i32,
    /// What was left when its turn came.
    pub available: i32,
}

#[derive(Debug, thiserror::Error)]
pub enum StockError {
    #[error("Not enough stock.")]
    OutOfStock(Vec<Shortage>),
    #[error("More is promised to orders than would be left.")]
    BelowAllocated,
    #[error("No more than {room} can be added.")]
    TooMany { room: i32 },
    #[error("Not found.")]
    NotFound,
    #[error("This warehouse does not exist.")]
    WarehouseNotFound(String),
    #[error("This variant does not exist.")]
    VariantNotFound(String),
    #[error("warehouse with this code already exists.")]
    CodeTaken,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for StockError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfStock(shortages) => Kind::conflict("out_of_stock").with("lines", by_place(shortages)),
            Self::BelowAllocated => Kind::conflict("stock_allocated"),
            Self::TooMany { room } => Kind::invalid("delta", ErrorTree::max_value(i64::from(*room))),
            Self::NotFound => Kind::not_found("not_found"),
            Self::WarehouseNotFound(code) => {
                let text = format!("Object with code={code} does not exist.");
                Kind::invalid("warehouse", ErrorTree::message("does_not_exist", text))
            }
            Self::VariantNotFound(sku) => {
                let text = format!("Object with sku={sku} does not exist.");
                Kind::invalid("sku", ErrorTree::message("does_not_exist", text))
            }
            Self::CodeTaken => Kind::invalid("code", ErrorTree::message("unique", self.to_string())),
            Self::Database(cause) => cause.kind(),
        }
    }
}

fn by_place(shortages: &[Shortage]) -> Value {
    let lines = shortages.iter().map(|shortage| {
        let Shortage { place, sku, requested, available } = shortage;
        (place.to_string(), json!({"sku": sku, "requested": requested, "available": available}))
    });
    Value::Object(Map::from_iter(lines))
}
