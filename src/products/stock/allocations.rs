//! Allocation of stock to orders, its release and its shipment.

use std::collections::{BTreeMap, HashMap};

use diesel::pg::PgConnection;

use super::errors::{Shortage, StockError};
use super::ledger::{Movement, MovementKind, MovementReason};
use super::models::{Allocation, LevelDelta, Stock, apply_deltas};
use crate::platform::types::Quantity;
use crate::platform::write_context::WriteContext;
use crate::products::ids::{OrderId, OrderLineId, StockId, VariantId};

/// Quantity of a variant that an order line needs.
#[derive(Debug, Clone)]
pub struct Demand {
    pub line: OrderLineId,
    /// Index of the line in the order, for error messages.
    pub line_index: usize,
    pub variant: VariantId,
    pub sku: String,
    pub quantity: Quantity,
}

/// Allocates all demands of an order, or none of them and returns [`StockError::OutOfStock`].
///
/// Locks all levels first, in the order of their ids. Then serves the lines one after the other, so that two lines of
/// one variant cannot use the same stock.
pub fn allocate(
    conn: &mut PgConnection,
    order: OrderId,
    demands: &[Demand],
    context: &WriteContext,
) -> Result<(), StockError> {
    if demands.is_empty() {
        return Ok(());
    }
    let variants: Vec<VariantId> = demands.iter().map(|demand| demand.variant).collect();
    let levels = Stock::lock_allocatable(conn, variants)?;
    let allocations = plan(&levels, demands)?;
    Ok(Allocation::insert_all(conn, order, &allocations, context)?)
}

/// Chooses the warehouses of each line, or returns the lines with insufficient stock.
fn plan(levels: &[Stock], demands: &[Demand]) -> Result<Vec<Allocation>, StockError> {
    let mut available: HashMap<StockId, i32> = levels.iter().map(|level| (level.id, level.available())).collect();
    let mut allocations = Vec::new();
    let mut shortages = Vec::new();
    for demand in demands {
        let mut missing = demand.quantity.get();
        for level in levels.iter().filter(|level| level.variant_id == demand.variant) {
            let Some(remaining) = available.get_mut(&level.id) else { continue };
            let quantity = missing.min(*remaining);
            if quantity > 0 {
                *remaining -= quantity;
                missing -= quantity;
                allocations.push(Allocation { order_line_id: demand.line, stock_id: level.id, quantity });
            }
        }
        if missing > 0 {
            shortages.push(Shortage {
                line_index: demand.line_index,
                sku: demand.sku.clone(),
                requested: demand.quantity.get(),
                available: demand.quantity.get() - missing,
            });
        }
    }
    if shortages.is_empty() { Ok(allocations) } else { Err(StockError::OutOfStock(shortages)) }
}

/// Releases all remaining allocations of an order.
pub fn release(conn: &mut PgConnection, order: OrderId, context: &WriteContext) -> Result<(), StockError> {
    let allocations = Allocation::load_for_order(conn, order)?;
    let reductions = allocations.into_iter().map(|allocation| Reduction { quantity: allocation.quantity, allocation });
    let reason = MovementReason { kind: MovementKind::Released, order: Some(order), note: "" };
    reduce_allocations(conn, &reductions.collect::<Vec<_>>(), reason, context)
}

/// Ships these quantities of the lines of an order from the warehouses of their allocations.
///
/// Lines whose stock is not tracked have no allocation and change no stock level.
pub fn ship(
    conn: &mut PgConnection,
    order: OrderId,
    quantities: &HashMap<OrderLineId, i32>,
    context: &WriteContext,
) -> Result<(), StockError> {
    let mut remaining = quantities.clone();
    let mut reductions = Vec::new();
    for allocation in Allocation::load_for_order(conn, order)? {
        let Some(requested) = remaining.get_mut(&allocation.order_line_id) else {
            continue;
        };
        let quantity = allocation.quantity.min(*requested);
        *requested -= quantity;
        if quantity > 0 {
            reductions.push(Reduction { allocation, quantity });
        }
    }
    let reason = MovementReason { kind: MovementKind::Shipped, order: Some(order), note: "" };
    reduce_allocations(conn, &reductions, reason, context)
}

/// Returns all shipped goods of an order to the stock levels that they were shipped from.
pub fn restock_order(conn: &mut PgConnection, order: OrderId, context: &WriteContext) -> Result<(), StockError> {
    let shipped = Movement::load_unreturned(conn, order)?;
    let delta = |(stock, quantity): (StockId, i32)| LevelDelta { stock, quantity, allocated: 0 };
    let deltas: Vec<LevelDelta> = shipped.into_iter().map(delta).collect();
    let reason = MovementReason { kind: MovementKind::Returned, order: Some(order), note: "" };
    change_levels(conn, &deltas, reason, context)
}

/// Quantity by which an allocation is reduced.
struct Reduction {
    allocation: Allocation,
    quantity: i32,
}

/// Reduces allocations because of a release or a shipment. A shipment also reduces the quantity on hand.
fn reduce_allocations(
    conn: &mut PgConnection,
    reductions: &[Reduction],
    reason: MovementReason<'_>,
    context: &WriteContext,
) -> Result<(), StockError> {
    if reductions.is_empty() {
        return Ok(());
    }
    let mut by_stock: BTreeMap<StockId, i32> = BTreeMap::new();
    for Reduction { allocation, quantity } in reductions {
        *by_stock.entry(allocation.stock_id).or_default() += quantity;
    }
    let is_shipment = reason.kind == MovementKind::Shipped;
    let delta = |(stock, quantity): (StockId, i32)| LevelDelta {
        stock,
        quantity: if is_shipment { -quantity } else { 0 },
        allocated: -quantity,
    };
    let deltas: Vec<LevelDelta> = by_stock.into_iter().map(delta).collect();
    change_levels(conn, &deltas, reason, context)?;
    for Reduction { allocation, quantity } in reductions {
        allocation.reduce(conn, *quantity)?;
    }
    Ok(())
}

/// Locks and changes stock levels and writes a ledger entry for each of them.
fn change_levels(
    conn: &mut PgConnection,
    deltas: &[LevelDelta],
    reason: MovementReason<'_>,
    context: &WriteContext,
) -> Result<(), StockError> {
    let ids: Vec<StockId> = deltas.iter().map(|delta| delta.stock).collect();
    let levels = Stock::lock(conn, &ids)?;
    apply_deltas(conn, deltas, context.at)?;
    let movement = |delta: &LevelDelta| {
        let before = levels.get(&delta.stock).ok_or(StockError::LevelMissing(delta.stock))?;
        Ok(Movement::new(before, *delta, reason, context))
    };
    let movements = deltas.iter().map(movement).collect::<Result<Vec<_>, StockError>>()?;
    Movement::insert_all(conn, &movements)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::products::ids::WarehouseId;

    fn level(variant: VariantId, quantity: i32, allocated: i32) -> Stock {
        Stock {
            id: StockId::generate(),
            variant_id: variant,
            warehouse_id: WarehouseId::generate(),
            quantity,
            allocated,
            backorder_limit: 0,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn demand(line_index: usize, variant: VariantId, quantity: i32) -> Demand {
        let quantity = Quantity::new(quantity).unwrap();
        Demand { line: OrderLineId::generate(), line_index, variant, sku: "MUG".to_owned(), quantity }
    }

    #[test]
    fn line_is_allocated_from_several_warehouses() {
        let mug = VariantId::generate();
        let levels = [level(mug, 5, 3), level(mug, 4, 0)];
        let allocations = plan(&levels, &[demand(0, mug, 5)]).unwrap();
        let quantities: Vec<_> = allocations.iter().map(|a| (a.stock_id, a.quantity)).collect();
        assert_eq!(quantities, [(levels[0].id, 2), (levels[1].id, 3)]);
    }

    #[test]
    fn stock_is_not_allocated_twice_to_lines_of_one_variant() {
        let mug = VariantId::generate();
        let rejected = plan(&[level(mug, 3, 0)], &[demand(0, mug, 2), demand(1, mug, 2)]);
        let Err(StockError::OutOfStock(shortages)) = rejected else { panic!("{rejected:?}") };
        assert_eq!(shortages, [Shortage { line_index: 1, sku: "MUG".to_owned(), requested: 2, available: 1 }]);
    }
}
