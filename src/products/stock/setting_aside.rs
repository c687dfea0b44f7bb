//! The two statements that every order waits for: locking what it needs, and setting it aside.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::models::{Allocation, Stock};
use crate::platform::audit::Origin;
use crate::platform::db::fixed_statement;
use crate::platform::types::{OrderId, OrderLineId, StockId, VariantId, WarehouseId, new_uuid};

fixed_statement! {
    /// Locked in one order, so that buyers never deadlock.
    struct LockDelivering {
        variants: Vec<VariantId> => Array<SqlUuid>,
    } -> (SqlUuid, SqlUuid, SqlUuid, Integer, Integer, Integer, Timestamptz, Integer);
    "select s.id, s.variant_id, s.warehouse_id, s.quantity, s.allocated, s.backorder_limit, s.updated_at, w.sort_order \
     from stocks s join warehouses w on w.id = s.warehouse_id \
     where s.variant_id = any((select variants from input)::uuid[]) and w.is_active \
     order by s.id for no key update of s"
}

/// The levels of these variants in active warehouses, locked; in the order in which warehouses deliver.
pub(super) fn lock_delivering(conn: &mut PgConnection, variants: Vec<VariantId>) -> QueryResult<Vec<Stock>> {
    type Row = (StockId, VariantId, WarehouseId, i32, i32, i32, DateTime<Utc>, i32);
    let mut rows: Vec<Row> = LockDelivering { variants }.load(conn)?;
    rows.sort_by_key(|(id, _, warehouse, .., turn)| (*turn, *warehouse, *id));
    let level = |(id, variant_id, warehouse_id, quantity, allocated, backorder_limit, updated_at, _): Row| Stock {
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

fixed_statement! {
    /// Level, ledger and what is held for each line change together. The check of the level has the last word.
    struct SetAside {
        lines: Vec<OrderLineId> => Array<SqlUuid>,
        stocks: Vec<StockId> => Array<SqlUuid>,
        pieces: Vec<i32> => Array<Integer>,
        order_id: OrderId => SqlUuid,
        actor: Value => Jsonb,
        at: DateTime<Utc> => Timestamptz,
        entries: Vec<Uuid> => Array<SqlUuid>,
    } -> ();
    ", held as (select held.* from input, unnest(lines, stocks, pieces) as held (line, stock, pieces)), \
     taken as ( \
         select stock, sum(pieces)::int as pieces, row_number() over (order by stock) as place from held group by stock), \
     levels as ( \
         update stocks set allocated = stocks.allocated + taken.pieces, updated_at = input.at \
         from taken, input where stocks.id = taken.stock \
         returning stocks.id, stocks.quantity, stocks.allocated), \
     ledger as ( \
         insert into stock_movements (id, stock_id, kind, quantity_delta, allocated_delta, quantity_after, allocated_after, \
                                      order_id, actor, created_at) \
         select input.entries[taken.place], levels.id, 'allocated', 0, taken.pieces, levels.quantity, levels.allocated, \
                input.order_id, input.actor, input.at \
         from levels join taken on taken.stock = levels.id, input) \
     insert into stock_allocations (order_line_id, stock_id, order_id, quantity) \
     select held.line, held.stock, input.order_id, held.pieces from held, input"
}

/// Writes down what was found for an order in locked levels.
pub(super) fn set_aside(
    conn: &mut PgConnection,
    order: OrderId,
    allocations: &[Allocation],
    origin: &Origin,
) -> QueryResult<()> {
    let statement = SetAside {
        lines: allocations.iter().map(|held| held.order_line_id).collect(),
        stocks: allocations.iter().map(|held| held.stock_id).collect(),
        pieces: allocations.iter().map(|held| held.quantity).collect(),
        order_id: order,
        actor: origin.actor.to_json(),
        at: origin.at,
        entries: allocations.iter().map(|_| new_uuid()).collect(),
    };
    statement.execute(conn).map(|_| ())
}
