//! What can be wrong with a move of an order.

use serde_json::json;

use super::status::OrderStatus;
use crate::platform::api::Stale;
use crate::platform::error::{ApiError, Kind};
use crate::products::stock::StockError;

#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("Not found.")]
    NotFound,
    #[error("An order that is {from} cannot become {to}.")]
    NoSuchMove { from: OrderStatus, to: OrderStatus },
    #[error("The order can no longer be cancelled by the customer.")]
    TooLateToCancel { status: OrderStatus },
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for OrderError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NoSuchMove { from, .. } => {
                Kind::conflict("invalid_transition").with("status", json!(from)).with("next", json!(from.next()))
            }
            Self::TooLateToCancel { status } => {
                Kind::conflict("invalid_transition").with("status", json!(status)).with("next", json!([]))
            }
            Self::Stale(cause) => cause.kind(),
            Self::Stock(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
