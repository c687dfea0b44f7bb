//! Rows of `stocks` and `stock_allocations`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::errors::StockError;
use crate::platform::db::fixed_statement;
use crate::platform::error::ConstraintExt;
use crate::platform::types::new_uuid;
use crate::platform::write_context::WriteContext;
use crate::products::ids::{OrderId, OrderLineId, StockId, VariantId, WarehouseId};
use crate::schema::{stock_allocations, stocks, variants};

/// Stock level: quantity on hand and allocated quantity of a variant in a warehouse.
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

fixed_statement! {
    /// Locks the rows in the order of their ids, so that concurrent orders cannot deadlock.
    struct LockAllocatable {
        variants: Vec<VariantId> => Array<SqlUuid>,
    } -> (SqlUuid, SqlUuid, SqlUuid, Integer, Integer, Integer, Timestamptz, Integer);
    "select s.id, s.variant_id, s.warehouse_id, s.quantity, s.allocated, s.backorder_limit, s.updated_at, w.sort_order \
     from stocks s join warehouses w on w.id = s.warehouse_id \
     where s.variant_id = any((select variants from input)::uuid[]) and w.is_active \
     order by s.id for no key update of s"
}

impl Stock {
    /// Returns the quantity that can still be allocated.
    pub fn available(&self) -> i32 {
        (self.quantity + self.backorder_limit - self.allocated).max(0)
    }

    /// Returns the levels with these ids, locked until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, ids: &[StockId]) -> QueryResult<HashMap<StockId, Self>> {
        let levels = Self::query().filter(stocks::id.eq_any(ids)).order(stocks::id).for_update().load::<Self>(conn)?;
        Ok(levels.into_iter().map(|level| (level.id, level)).collect())
    }

    /// Returns the levels of the variants in active warehouses, locked until the transaction ends.
    ///
    /// The levels are sorted in the order in which allocations use the warehouses.
    pub(super) fn lock_allocatable(conn: &mut PgConnection, variants: Vec<VariantId>) -> QueryResult<Vec<Self>> {
        type Row = (StockId, VariantId, WarehouseId, i32, i32, i32, DateTime<Utc>, i32);
        let mut rows: Vec<Row> = LockAllocatable { variants }.load(conn)?;
        rows.sort_by_key(|(id, _, warehouse, .., sort_order)| (*sort_order, *warehouse, *id));
        let level = |(id, variant_id, warehouse_id, quantity, allocated, backorder_limit, updated_at, _): Row| Self {
            id,
            variant_id,
            warehouse_id,
            quantity,
            allocated,
            backorder_limit,
            updated_at,
        };
        Ok(rows.into_iter().map(level).collect())
    }

    pub(super) fn load_by_ids(conn: &mut PgConnection, ids: &[StockId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(stocks::id.eq_any(ids)).load(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: StockId) -> QueryResult<Option<Self>> {
        Self::query().filter(stocks::id.eq(id)).first(conn).optional()
    }

    /// Returns the level of a variant in a warehouse, locked. Creates an empty level if none exists.
    pub(super) fn lock_or_create(
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

/// Change of the quantity and the allocated quantity of a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct LevelDelta {
    pub stock: StockId,
    pub quantity: i32,
    pub allocated: i32,
}

/// Applies the changes to locked levels in one statement. A check constraint rejects overselling.
pub(super) fn apply_deltas(conn: &mut PgConnection, deltas: &[LevelDelta], now: DateTime<Utc>) -> QueryResult<()> {
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

/// Quantity of a stock level that is allocated to an order line.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = stock_allocations)]
pub(super) struct Allocation {
    pub order_line_id: OrderLineId,
    pub stock_id: StockId,
    pub quantity: i32,
}

fixed_statement! {
    /// Updates the stock level and writes the ledger entry and the allocations in one statement. A check constraint
    /// rejects overselling.
    struct InsertAllocations {
        lines: Vec<OrderLineId> => Array<SqlUuid>,
        stocks: Vec<StockId> => Array<SqlUuid>,
        quantities: Vec<i32> => Array<Integer>,
        order_id: OrderId => SqlUuid,
        actor: Value => Jsonb,
        at: DateTime<Utc> => Timestamptz,
        movement_ids: Vec<Uuid> => Array<SqlUuid>,
    } -> ();
    ", requested as ( \
         select requested.* from input, unnest(lines, stocks, quantities) as requested (line, stock, quantity)), \
     totals as ( \
         select stock, sum(quantity)::int as quantity, row_number() over (order by stock) as number \
         from requested group by stock), \
     levels as ( \
         update stocks set allocated = stocks.allocated + totals.quantity, updated_at = input.at \
         from totals, input where stocks.id = totals.stock \
         returning stocks.id, stocks.quantity, stocks.allocated), \
     ledger as ( \
         insert into stock_movements (id, stock_id, kind, quantity_delta, allocated_delta, quantity_after, allocated_after, \
                                      order_id, actor, created_at) \
         select input.movement_ids[totals.number], levels.id, 'allocated', 0, totals.quantity, levels.quantity, \
                levels.allocated, input.order_id, input.actor, input.at \
         from levels join totals on totals.stock = levels.id, input) \
     insert into stock_allocations (order_line_id, stock_id, order_id, quantity) \
     select requested.line, requested.stock, input.order_id, requested.quantity from requested, input"
}

impl Allocation {
    /// Returns the allocations of an order, sorted by order line.
    pub fn load_for_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(stock_allocations::order_id.eq(order))
            .order((stock_allocations::order_line_id, stock_allocations::stock_id))
            .load(conn)
    }

    /// Inserts the allocations of an order, whose levels must be locked, with their ledger entries.
    pub fn insert_all(
        conn: &mut PgConnection,
        order: OrderId,
        allocations: &[Self],
        context: &WriteContext,
    ) -> QueryResult<()> {
        let statement = InsertAllocations {
            lines: allocations.iter().map(|allocation| allocation.order_line_id).collect(),
            stocks: allocations.iter().map(|allocation| allocation.stock_id).collect(),
            quantities: allocations.iter().map(|allocation| allocation.quantity).collect(),
            order_id: order,
            actor: context.actor.to_json(),
            at: context.at,
            movement_ids: allocations.iter().map(|_| new_uuid()).collect(),
        };
        statement.execute(conn).map(|_| ())
    }

    /// Reduces the allocation by `quantity`. Deletes the row if nothing remains.
    pub fn reduce(&self, conn: &mut PgConnection, quantity: i32) -> QueryResult<()> {
        let row = stock_allocations::table.find((self.order_line_id, self.stock_id));
        if quantity >= self.quantity {
            diesel::delete(row).execute(conn).map(|_| ())
        } else {
            let remaining = stock_allocations::quantity - quantity;
            diesel::update(row).set(stock_allocations::quantity.eq(remaining)).execute(conn).map(|_| ())
        }
    }
}

/// Returns the id of the variant with this SKU. The comparison ignores case.
pub(super) fn find_variant_by_sku(conn: &mut PgConnection, sku: &str) -> QueryResult<Option<VariantId>> {
    let lower = diesel::dsl::sql::<diesel::sql_types::Bool>("lower(sku) = lower(")
        .bind::<diesel::sql_types::Text, _>(sku)
        .sql(")");
    variants::table.filter(lower).select(variants::id).first(conn).optional()
}
