//! Stock from a file: what somebody counted, written into the ledger like any other count.

use std::collections::HashMap;

use diesel::prelude::*;

use super::adjusting::{Adjustment, Change, adjust};
use super::errors::StockError;
use super::models::{Stock, Warehouse};
use super::setting_aside::lock_delivering;
use crate::platform::audit::Origin;
use crate::platform::types::VariantId;

/// The levels of these variants in the first warehouse, locked.
pub fn lock_levels(conn: &mut PgConnection, variants: &[VariantId]) -> QueryResult<HashMap<VariantId, Stock>> {
    let warehouse = Warehouse::first(conn)?.id;
    let levels = lock_delivering(conn, variants.to_vec())?;
    let here = levels.into_iter().filter(|level| level.warehouse_id == warehouse);
    Ok(here.map(|level| (level.variant_id, level)).collect())
}

/// The least that a count may find: with less, what is promised to orders could not be kept.
pub const fn least_quantity(level: &Stock) -> i32 {
    level.allocated.saturating_sub(level.backorder_limit)
}

/// Sets levels of the first warehouse to what was counted, and tells which of them were not so before.
pub fn count(
    conn: &mut PgConnection,
    levels: &HashMap<VariantId, Stock>,
    counts: &[(VariantId, i32)],
    origin: &Origin,
) -> Result<Vec<VariantId>, StockError> {
    let warehouse = Some(Warehouse::first(conn)?.id);
    let mut changed = Vec::new();
    for &(variant, quantity) in counts {
        let change = match levels.get(&variant) {
            Some(level) if level.quantity == quantity => continue,
            Some(_) => Change::Set(quantity),
            None => Change::Add(quantity),
        };
        let adjustment = Adjustment { variant, warehouse, change, note: "imported".to_owned() };
        adjust(conn, &adjustment, origin)?;
        changed.push(variant);
    }
    Ok(changed)
}
