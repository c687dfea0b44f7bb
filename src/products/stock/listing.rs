//! Filters and orderings of the lists of stock levels and stock movements.

use super::ledger::{Movement, MovementKind};
use super::models::Stock;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, RangeLookups};
use crate::products::ids::{OrderId, StockId, VariantId, WarehouseId};
use crate::schema::{stock_movements, stocks};

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = stocks, row = Stock)]
#[list(order_by(id, quantity, allocated, updated_at), default = "id")]
pub struct StockFilter {
    #[list(column = variant_id)]
    pub variant: ChoiceLookups<VariantId>,
    #[list(column = warehouse_id)]
    pub warehouse: ChoiceLookups<WarehouseId>,
    /// Quantity on hand.
    pub quantity: RangeLookups<i32>,
    /// Quantity allocated to orders.
    pub allocated: RangeLookups<i32>,
    pub updated_at: DateTimeLookups,
}

pub(super) type StockList = ListRequest<StockFilter>;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = stock_movements, row = Movement)]
#[list(order_by(created_at), default = "-created_at")]
pub struct MovementFilter {
    #[list(column = stock_id)]
    pub stock: ChoiceLookups<StockId>,
    #[list(column = order_id)]
    pub order: ChoiceLookups<OrderId>,
    pub kind: ChoiceLookups<MovementKind>,
    pub created_at: DateTimeLookups,
}

pub(super) type MovementList = ListRequest<MovementFilter>;
