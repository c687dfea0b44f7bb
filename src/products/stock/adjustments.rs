//! Adjustments of stock levels: received goods and stock counts, by staff members or from an import.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::errors::StockError;
use super::ledger::{Movement, MovementKind, MovementReason};
use super::models::{LevelDelta, Stock, find_variant_by_sku};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::write_context::WriteContext;
use crate::products::ids::{VariantId, WarehouseId};
use crate::products::warehouses::Warehouse;

/// Adjustment of the stock level of a variant in a warehouse.
#[derive(Debug, Clone)]
pub struct Adjustment {
    pub variant: VariantId,
    /// `None` selects the first warehouse.
    pub warehouse: Option<WarehouseId>,
    pub change: QuantityChange,
    pub note: String,
}

/// Change of the quantity on hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityChange {
    /// Sets the counted quantity.
    Set(i32),
    /// Adds received goods, or removes goods if negative.
    Add(i32),
}

/// Stock level before and after an adjustment.
#[derive(Debug, Clone)]
pub struct AdjustedLevel {
    pub before: Stock,
    pub after: Stock,
}

/// Adjusts a stock level. Rejects a quantity that does not cover the allocated quantity.
pub fn adjust(
    conn: &mut PgConnection,
    adjustment: &Adjustment,
    context: &WriteContext,
) -> Result<AdjustedLevel, StockError> {
    let warehouse = match adjustment.warehouse {
        Some(warehouse) => warehouse,
        None => Warehouse::find_first(conn)?.id,
    };
    let before = Stock::lock_or_create(conn, adjustment.variant, warehouse, context.at)?;
    let (kind, quantity) = match adjustment.change {
        QuantityChange::Set(quantity) => (MovementKind::Counted, quantity),
        QuantityChange::Add(delta) => {
            // The check constraint adds the quantity and the backorder limit, which must not overflow.
            let maximum = i32::MAX - before.backorder_limit - before.quantity.max(0);
            if delta > maximum {
                return Err(StockError::TooMany { maximum });
            }
            (MovementKind::Received, before.quantity.saturating_add(delta))
        }
    };
    let after = before.set_quantity(conn, quantity, context.at)?;
    let delta = LevelDelta { stock: before.id, quantity: quantity - before.quantity, allocated: 0 };
    let reason = MovementReason { kind, order: None, note: &adjustment.note };
    Movement::insert_all(conn, &[Movement::new(&before, delta, reason, context)])?;
    Ok(AdjustedLevel { before, after })
}

/// Initial stock of a new variant.
#[derive(Debug, Clone, Copy)]
pub struct InitialStock {
    pub variant: VariantId,
    pub quantity: i32,
}

/// Receives the initial stock of new variants in the first warehouse.
pub fn receive_initial_stock(
    conn: &mut PgConnection,
    stocks: &[InitialStock],
    context: &WriteContext,
) -> Result<(), StockError> {
    for InitialStock { variant, quantity } in stocks {
        let change = QuantityChange::Add(*quantity);
        adjust(conn, &Adjustment { variant: *variant, warehouse: None, change, note: String::new() }, context)?;
    }
    Ok(())
}

/// Adjustment that names the variant by SKU and the warehouse by code.
#[derive(Debug, Clone)]
pub(super) struct AdjustmentBySku {
    pub sku: String,
    /// Code of the warehouse. `None` selects the first warehouse.
    pub warehouse: Option<String>,
    pub change: QuantityChange,
    pub note: String,
}

/// Finds the variant and the warehouse, adjusts the stock level and writes an audit entry.
pub(super) fn adjust_by_sku(
    conn: &mut PgConnection,
    command: &AdjustmentBySku,
    context: &WriteContext,
) -> Result<Stock, StockError> {
    let sku = &command.sku;
    let variant = find_variant_by_sku(conn, sku)?.ok_or_else(|| StockError::VariantNotFound(sku.clone()))?;
    let warehouse = match &command.warehouse {
        None => None,
        Some(code) => {
            let found = Warehouse::find_by_code(conn, code)?;
            Some(found.ok_or_else(|| StockError::WarehouseNotFound(code.clone()))?.id)
        }
    };
    let adjustment = Adjustment { variant, warehouse, change: command.change, note: command.note.clone() };
    let AdjustedLevel { before, after } = adjust(conn, &adjustment, context)?;
    let changes = Changes::between(&audit_fields(&before), &audit_fields(&after))
        .join(Changes::created(&json!({"sku": sku, "note": command.note})));
    audit::record(conn, context, "stock.adjusted", AuditObject::new("stock", after.id), changes)?;
    Ok(after)
}

fn audit_fields(level: &Stock) -> Value {
    json!({"quantity": level.quantity, "allocated": level.allocated})
}

/// Returns the stock levels of the variants in the first warehouse, locked until the transaction ends.
pub fn lock_first_warehouse_levels(
    conn: &mut PgConnection,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, Stock>> {
    let warehouse = Warehouse::find_first(conn)?.id;
    let levels = Stock::lock_allocatable(conn, variants.to_vec())?;
    let in_first = levels.into_iter().filter(|level| level.warehouse_id == warehouse);
    Ok(in_first.map(|level| (level.variant_id, level)).collect())
}

/// Returns the lowest quantity that covers the allocated quantity of the level.
pub const fn minimum_quantity(level: &Stock) -> i32 {
    level.allocated.saturating_sub(level.backorder_limit)
}

/// Counted quantity of a variant.
#[derive(Debug, Clone, Copy)]
pub struct StockCount {
    pub variant: VariantId,
    pub quantity: i32,
}

/// Records imported stock counts of the first warehouse. Returns the variants whose quantity changed.
///
/// `levels` are the locked levels from [`lock_first_warehouse_levels`].
pub fn record_counts(
    conn: &mut PgConnection,
    levels: &HashMap<VariantId, Stock>,
    counts: &[StockCount],
    context: &WriteContext,
) -> Result<Vec<VariantId>, StockError> {
    let warehouse = Some(Warehouse::find_first(conn)?.id);
    let mut updated = Vec::new();
    for &StockCount { variant, quantity } in counts {
        let change = match levels.get(&variant) {
            Some(level) if level.quantity == quantity => continue,
            Some(_) => QuantityChange::Set(quantity),
            None => QuantityChange::Add(quantity),
        };
        let adjustment = Adjustment { variant, warehouse, change, note: "imported".to_owned() };
        adjust(conn, &adjustment, context)?;
        updated.push(variant);
    }
    Ok(updated)
}
