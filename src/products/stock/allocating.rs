//! Setting stock aside for orders, and giving it out or back.

use std::collections::{BTreeMap, HashMap};

use diesel::pg::PgConnection;

use super::errors::{Shortage, StockError};
use super::ledger::{Movement, MovementKind, Reason};
use super::models::{Allocation, Delta, Stock, apply};
use super::setting_aside::{lock_delivering, set_aside};
use crate::platform::audit::Origin;
use crate::platform::types::{OrderId, OrderLineId, Quantity, StockId, VariantId};

/// What a line of an order needs.
#[derive(Debug, Clone)]
pub struct Demand {
    pub line: OrderLineId,
    /// The line's place in the order, to speak of it.
    pub place: usize,
    pub variant: VariantId,
    pub sku: String,
    pub quantity: Quantity,
}

/// Sets aside what an order needs: all of it, or nothing and [`StockError::OutOfStock`].
///
/// All levels are locked first, in one order. Lines are then served one after the other from what the lines before
/// them left, so that two lines of one variant never count on the same piece.
pub fn allocate(
    conn: &mut PgConnection,
    order: OrderId,
    demands: &[Demand],
    origin: &Origin,
) -> Result<(), StockError> {
    if demands.is_empty() {
        return Ok(());
    }
    let variants: Vec<VariantId> = demands.iter().map(|demand| demand.variant).collect();
    let levels = lock_delivering(conn, variants)?;
    let allocations = plan(&levels, demands)?;
    Ok(set_aside(conn, order, &allocations, origin)?)
}

/// Chooses warehouses for every line, or tells which lines come away short.
fn plan(levels: &[Stock], demands: &[Demand]) -> Result<Vec<Allocation>, StockError> {
    let mut free: HashMap<StockId, i32> = levels.iter().map(|level| (level.id, level.free())).collect();
    let mut allocations = Vec::new();
    let mut shortages = Vec::new();
    for demand in demands {
        let mut missing = demand.quantity.get();
        let mut taken = Vec::new();
        for level in levels.iter().filter(|level| level.variant_id == demand.variant) {
            let Some(left) = free.get_mut(&level.id) else { continue };
            let quantity = missing.min(*left);
            if quantity > 0 {
                *left -= quantity;
                missing -= quantity;
                taken.push(Allocation { order_line_id: demand.line, stock_id: level.id, quantity });
            }
        }
        if missing > 0 {
            shortages.push(Shortage {
                place: demand.place,
                sku: demand.sku.clone(),
                requested: demand.quantity.get(),
                available: demand.quantity.get() - missing,
            });
        }
        allocations.append(&mut taken);
    }
    if shortages.is_empty() { Ok(allocations) } else { Err(StockError::OutOfStock(shortages)) }
}

/// Frees all that an order still holds.
pub fn release(conn: &mut PgConnection, order: OrderId, origin: &Origin) -> Result<(), StockError> {
    let held = Allocation::of_order(conn, order)?;
    let taken: Vec<(Allocation, i32)> = held.into_iter().map(|held| (held.clone(), held.quantity)).collect();
    let reason = Reason { kind: MovementKind::Released, order: Some(order), note: "" };
    give_up(conn, &taken, reason, origin)
}

/// Takes these quantities of an order's lines out of the warehouses where they were set aside.
///
/// Lines whose stock nobody tracks hold nothing, and nothing is taken for them.
pub fn ship(
    conn: &mut PgConnection,
    order: OrderId,
    quantities: &HashMap<OrderLineId, i32>,
    origin: &Origin,
) -> Result<(), StockError> {
    let mut left = quantities.clone();
    let mut taken = Vec::new();
    for held in Allocation::of_order(conn, order)? {
        let Some(wanted) = left.get_mut(&held.order_line_id) else {
            continue;
        };
        let quantity = held.quantity.min(*wanted);
        *wanted -= quantity;
        if quantity > 0 {
            taken.push((held, quantity));
        }
    }
    let reason = Reason { kind: MovementKind::Shipped, order: Some(order), note: "" };
    give_up(conn, &taken, reason, origin)
}

/// Puts all that an order was sent back on the shelves that it left from.
pub fn take_back(conn: &mut PgConnection, order: OrderId, origin: &Origin) -> Result<(), StockError> {
    let gone = Movement::outstanding(conn, order)?;
    let ids: Vec<StockId> = gone.iter().map(|(stock, _)| *stock).collect();
    let levels = Stock::lock(conn, &ids)?;
    let delta =
        |(stock, pieces): (StockId, i64)| Some(Delta { stock, quantity: i32::try_from(pieces).ok()?, allocated: 0 });
    let deltas: Vec<Delta> = gone.into_iter().filter_map(delta).collect();
    let reason = Reason { kind: MovementKind::Returned, order: Some(order), note: "" };
    change(conn, &levels, &deltas, reason, origin)
}

/// Ends promises: what was shipped leaves the shelf as well, what was released stays.
fn give_up(
    conn: &mut PgConnection,
    taken: &[(Allocation, i32)],
    reason: Reason<'_>,
    origin: &Origin,
) -> Result<(), StockError> {
    if taken.is_empty() {
        return Ok(());
    }
    let mut by_stock: BTreeMap<StockId, i32> = BTreeMap::new();
    for (held, quantity) in taken {
        *by_stock.entry(held.stock_id).or_default() += quantity;
    }
    let ids: Vec<StockId> = by_stock.keys().copied().collect();
    let levels = Stock::lock(conn, &ids)?;
    let leaves_shelf = reason.kind == MovementKind::Shipped;
    let delta = |(stock, given): (StockId, i32)| Delta {
        stock,
        quantity: if leaves_shelf { -given } else { 0 },
        allocated: -given,
    };
    let deltas: Vec<Delta> = by_stock.into_iter().map(delta).collect();
    change(conn, &levels, &deltas, reason, origin)?;
    for (held, quantity) in taken {
        held.reduce(conn, *quantity)?;
    }
    Ok(())
}

/// Changes locked levels and writes the ledger.
fn change(
    conn: &mut PgConnection,
    levels: &HashMap<StockId, Stock>,
    deltas: &[Delta],
    reason: Reason<'_>,
    origin: &Origin,
) -> Result<(), StockError> {
    apply(conn, deltas, origin.at)?;
    let movements: Vec<Movement> = deltas
        .iter()
        .filter_map(|delta| Some(Movement::of(levels.get(&delta.stock)?, *delta, reason, origin)))
        .collect();
    Movement::insert_all(conn, &movements)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::platform::types::WarehouseId;

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

    fn demand(place: usize, variant: VariantId, quantity: i32) -> Demand {
        let quantity = Quantity::new(quantity).unwrap();
        Demand { line: OrderLineId::generate(), place, variant, sku: "MUG".to_owned(), quantity }
    }

    #[test]
    fn a_line_is_served_from_several_warehouses() {
        let mug = VariantId::generate();
        let levels = [level(mug, 5, 3), level(mug, 4, 0)];
        let allocations = plan(&levels, &[demand(0, mug, 5)]).unwrap();
        let taken: Vec<_> = allocations.iter().map(|a| (a.stock_id, a.quantity)).collect();
        assert_eq!(taken, [(levels[0].id, 2), (levels[1].id, 3)]);
    }

    #[test]
    fn two_lines_of_one_variant_do_not_count_on_the_same_piece() {
        let mug = VariantId::generate();
        let refused = plan(&[level(mug, 3, 0)], &[demand(0, mug, 2), demand(1, mug, 2)]);
        let Err(StockError::OutOfStock(shortages)) = refused else { panic!("{refused:?}") };
        assert_eq!(shortages, [Shortage { place: 1, sku: "MUG".to_owned(), requested: 2, available: 1 }]);
    }
}
