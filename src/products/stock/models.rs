//! Rows of `stocks`, `stock_allocations` and `warehouses`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Timestamptz, Uuid as SqlUuid};

use super::errors::StockError;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{Country, OrderId, OrderLineId, StockId, VariantId, WarehouseId};
use crate::schema::{stock_allocations, stocks, variants, warehouses};

/// How many of a variant are in a warehouse, and how many of these are promised.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = stocks)]
pub struct Stock {
    pub id: StockId,
    pub variant_id: VariantId,
    pub warehouse_id: WarehouseId,
    pub quantity: i32,
    pub allocated: i32,
    pub backorder_limit: i32,
    pub updated_at: DateTime<Utc>,
}

impl Stock {
    /// What may still be promised.
    pub fn free(&self) -> i32 {
        (self.quantity + self.backorder_limit - self.allocated).max(0)
    }

    pub(super) fn lock(conn: &mut PgConnection, ids: &[StockId]) -> QueryResult<HashMap<StockId, Self>> {
        let levels = Self::query().filter(stocks::id.eq_any(ids)).order(stocks::id).for_update().load::<Self>(conn)?;
        Ok(levels.into_iter().map(|level| (level.id, level)).collect())
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[StockId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(stocks::id.eq_any(ids)).load(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: StockId) -> QueryResult<Option<Self>> {
        Self::query().filter(stocks::id.eq(id)).first(conn).optional()
    }

    /// The level of a variant in a warehouse, locked; made with nothing in it where there is none.
    pub(super) fn lock_or_make(
        conn: &mut PgConnection,
        variant: VariantId,
        warehouse: WarehouseId,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::insert_into(stocks::table)
            .values((
                stocks::id.eq(StockId::generate()),
                stocks::variant_id.eq(variant),
                stocks::warehouse_id.eq(warehouse),
                stocks::updated_at.eq(now),
            ))
            .on_conflict((stocks::variant_id, stocks::warehouse_id))
            .do_nothing()
            .execute(conn)?;
        Self::query()
            .filter(stocks::variant_id.eq(variant))
            .filter(stocks::warehouse_id.eq(warehouse))
            .for_update()
            .first(conn)
    }

    pub(super) fn set_quantity(
        &self,
        conn: &mut PgConnection,
        quantity: i32,
        now: DateTime<Utc>,
    ) -> Result<Self, StockError> {
        diesel::update(stocks::table.find(self.id))
            .set((stocks::quantity.eq(quantity), stocks::updated_at.eq(now)))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("stocks_never_oversold", || StockError::BelowAllocated)
    }
}

/// A change of one level: how much comes or goes, on hand and promised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delta {
    pub stock: StockId,
    pub quantity: i32,
    pub allocated: i32,
}

/// Applies changes to locked levels in one statement. The database's own check has the last word.
pub(super) fn apply(conn: &mut PgConnection, deltas: &[Delta], now: DateTime<Utc>) -> QueryResult<()> {
    let ids: Vec<StockId> = deltas.iter().map(|delta| delta.stock).collect();
    let quantities: Vec<i32> = deltas.iter().map(|delta| delta.quantity).collect();
    let allocations: Vec<i32> = deltas.iter().map(|delta| delta.allocated).collect();
    diesel::sql_query(
        "update stocks set quantity = stocks.quantity + d.quantity, allocated = stocks.allocated + d.allocated, updated_at = $4 \
         from unnest($1::uuid[], $2::int[], $3::int[]) as d (id, quantity, allocated) where stocks.id = d.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(quantities)
    .bind::<Array<Integer>, _>(allocations)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .map(|_| ())
}

/// What a line of an order holds in a warehouse.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = stock_allocations)]
pub(super) struct Allocation {
    pub order_line_id: OrderLineId,
    pub stock_id: StockId,
    pub quantity: i32,
}

impl Allocation {
    /// What an order holds, line by line.
    pub fn of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(stock_allocations::order_id.eq(order))
            .order((stock_allocations::order_line_id, stock_allocations::stock_id))
            .load(conn)
    }

    /// Takes `quantity` off what is held; nothing left is no row.
    pub fn reduce(&self, conn: &mut PgConnection, quantity: i32) -> QueryResult<()> {
        let row = stock_allocations::table.find((self.order_line_id, self.stock_id));
        if quantity >= self.quantity {
            diesel::delete(row).execute(conn).map(|_| ())
        } else {
            let left = stock_allocations::quantity - quantity;
            diesel::update(row).set(stock_allocations::quantity.eq(left)).execute(conn).map(|_| ())
        }
    }
}

/// A place that goods are kept in.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = warehouses)]
pub(super) struct Warehouse {
    pub id: WarehouseId,
    pub code: String,
    pub name: String,
    pub country: Option<Country>,
    pub sort_order: i32,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Warehouse {
    pub fn list(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((warehouses::sort_order, warehouses::id)).load(conn)
    }

    pub fn find_by_code(conn: &mut PgConnection, code: &str) -> QueryResult<Option<Self>> {
        Self::query().filter(warehouses::code.eq(code)).first(conn).optional()
    }

    /// The one that goods come to where nobody says otherwise.
    pub fn first(conn: &mut PgConnection) -> QueryResult<Self> {
        Self::query().filter(warehouses::is_active).order((warehouses::sort_order, warehouses::id)).first(conn)
    }

    pub fn insert(&self, conn: &mut PgConnection) -> Result<(), StockError> {
        diesel::insert_into(warehouses::table)
            .values((
                warehouses::id.eq(self.id),
                warehouses::code.eq(&self.code),
                warehouses::name.eq(&self.name),
                warehouses::country.eq(self.country),
                warehouses::sort_order.eq(self.sort_order),
                warehouses::is_active.eq(self.is_active),
                warehouses::created_at.eq(self.created_at),
                warehouses::updated_at.eq(self.updated_at),
            ))
            .execute(conn)
            .on_constraint("warehouses_code_key", || StockError::CodeTaken)
            .map(|_| ())
    }
}

/// The variant of this SKU, whatever its case.
pub(super) fn variant_of_sku(conn: &mut PgConnection, sku: &str) -> QueryResult<Option<VariantId>> {
    let lower = diesel::dsl::sql::<diesel::sql_types::Bool>("lower(sku) = lower(")
        .bind::<diesel::sql_types::Text, _>(sku)
        .sql(")");
    variants::table.filter(lower).select(variants::id).first(conn).optional()
}
