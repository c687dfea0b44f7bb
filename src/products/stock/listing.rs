//! Lists of levels and of the ledger.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::ledger::{Movement, MovementKind};
use super::models::Stock;
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Ranges, Slice, SortColumn, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::platform::types::{OrderId, StockId, VariantId, WarehouseId};
use crate::schema::{stock_movements, stocks};

filter! {
    pub struct StockFilter {
        "variant" => pub variant: Choices<VariantId>,
        "warehouse" => pub warehouse: Choices<WarehouseId>,
        /// On the shelf.
        "quantity" => pub quantity: Ranges<i32>,
        /// Promised to open orders.
        "allocated" => pub allocated: Ranges<i32>,
        "updated_at" => pub updated_at: Moments,
    }
}

pub struct StockOrdering;

impl Ordering for StockOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("id", "stocks.id", "uuid"),
        SortColumn::new("quantity", "stocks.quantity", "integer"),
        SortColumn::new("allocated", "stocks.allocated", "integer"),
        SortColumn::new("updated_at", "stocks.updated_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "id";
    const ID: SortColumn = SortColumn::new("id", "stocks.id", "uuid");
}

pub(super) type StockList = ListRequest<StockFilter, StockOrdering>;

impl StockFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &StockList) -> Result<Slice<Stock>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), Stock, list))
    }

    fn query<'a>(&self) -> stocks::BoxedQuery<'a, Pg> {
        let mut query = stocks::table.into_boxed();
        narrow!(query, choices, stocks::variant_id, &self.variant);
        narrow!(query, choices, stocks::warehouse_id, &self.warehouse);
        narrow!(query, ranges, stocks::quantity, &self.quantity);
        narrow!(query, ranges, stocks::allocated, &self.allocated);
        narrow!(query, moments, stocks::updated_at, &self.updated_at);
        query
    }
}

filter! {
    pub struct MovementFilter {
        "stock" => pub stock: Choices<StockId>,
        "order" => pub order: Choices<OrderId>,
        "kind" => pub kind: Choices<MovementKind>,
        "created_at" => pub created_at: Moments,
    }
}

/// The newest first.
pub struct MovementOrdering;

impl Ordering for MovementOrdering {
    const COLUMNS: &'static [SortColumn] =
        &[SortColumn::new("created_at", "stock_movements.created_at", "timestamptz")];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "stock_movements.id", "uuid");
}

pub(super) type MovementList = ListRequest<MovementFilter, MovementOrdering>;

impl MovementFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &MovementList) -> Result<Slice<Movement>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), Movement, list))
    }

    fn query<'a>(&self) -> stock_movements::BoxedQuery<'a, Pg> {
        let mut query = stock_movements::table.into_boxed();
        narrow!(query, choices, stock_movements::stock_id, &self.stock);
        narrow!(query, choices, stock_movements::order_id, &self.order);
        narrow!(query, choices, stock_movements::kind, &self.kind);
        narrow!(query, moments, stock_movements::created_at, &self.created_at);
        query
    }
}
