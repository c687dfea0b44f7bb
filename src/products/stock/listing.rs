//! Lists of levels and of the ledger.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::ledger::Movement;
use super::models::Stock;
use crate::platform::error::Problem;
use crate::platform::http::{Page, filter};
use crate::platform::types::{OrderId, StockId, VariantId, WarehouseId};
use crate::schema::{stock_movements, stocks};

filter! {
    pub struct StockFilter {
        "variant" => pub variant: VariantId,
        "warehouse" => pub warehouse: WarehouseId,
        /// Levels at or below this.
        "quantity__lte" => pub at_most: i32,
    }
}

impl StockFilter {
    /// The count of all, and the rows of the page.
    pub(super) fn page(&self, conn: &mut PgConnection, page: &Page) -> Result<(i64, Vec<Stock>), Problem> {
        let count: i64 = self.query().count().get_result(conn)?;
        let rows = self.query().order(stocks::id).limit(page.limit()).offset(page.offset(count)?);
        Ok((count, rows.select(Stock::as_select()).load(conn)?))
    }

    fn query<'a>(&self) -> stocks::BoxedQuery<'a, Pg> {
        let mut query = stocks::table.into_boxed();
        if let Some(variant) = self.variant {
            query = query.filter(stocks::variant_id.eq(variant));
        }
        if let Some(warehouse) = self.warehouse {
            query = query.filter(stocks::warehouse_id.eq(warehouse));
        }
        if let Some(at_most) = self.at_most {
            query = query.filter(stocks::quantity.le(at_most));
        }
        query
    }
}

filter! {
    pub struct MovementFilter {
        "stock" => pub stock: StockId,
        "order" => pub order: OrderId,
    }
}

impl MovementFilter {
    /// The count of all, and the rows of the page.
    pub(super) fn page(&self, conn: &mut PgConnection, page: &Page) -> Result<(i64, Vec<Movement>), Problem> {
        let count: i64 = self.query().count().get_result(conn)?;
        let rows = self
            .query()
            .order((stock_movements::created_at.desc(), stock_movements::id.desc()))
            .limit(page.limit())
            .offset(page.offset(count)?);
        Ok((count, rows.select(Movement::as_select()).load(conn)?))
    }

    fn query<'a>(&self) -> stock_movements::BoxedQuery<'a, Pg> {
        let mut query = stock_movements::table.into_boxed();
        if let Some(stock) = self.stock {
            query = query.filter(stock_movements::stock_id.eq(stock));
        }
        if let Some(order) = self.order {
            query = query.filter(stock_movements::order_id.eq(order));
        }
        query
    }
}
