//! Goods that come in, and goods that are counted.

use diesel::pg::PgConnection;

use super::errors::StockError;
use super::ledger::{Movement, MovementKind, Reason};
use super::models::{Delta, Stock, Warehouse};
use crate::platform::audit::Origin;
use crate::platform::types::{VariantId, WarehouseId};

/// A change of a level by staff.
#[derive(Debug, Clone)]
pub struct Adjustment {
    pub variant: VariantId,
    /// None: the first warehouse.
    pub warehouse: Option<WarehouseId>,
    pub change: Change,
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// So many were counted.
    Set(i32),
    /// So many came in, or, negative, went.
    Add(i32),
}

/// Changes a level; refused where it would leave less than is promised to orders.
pub fn adjust(conn: &mut PgConnection, adjustment: &Adjustment, origin: &Origin) -> Result<Stock, StockError> {
    let warehouse = match adjustment.warehouse {
        Some(warehouse) => warehouse,
        None => Warehouse::first(conn)?.id,
    };
    let level = Stock::lock_or_make(conn, adjustment.variant, warehouse, origin.at)?;
    let (kind, quantity) = match adjustment.change {
        Change::Set(quantity) => (MovementKind::Counted, quantity),
        Change::Add(delta) => (MovementKind::Received, level.quantity.saturating_add(delta)),
    };
    let changed = level.set_quantity(conn, quantity, origin.at)?;
    let delta = Delta {
        stock: level.id,
        quantity: quantity - level.quantity,
        allocated: 0,
    };
    let reason = Reason {
        kind,
        order: None,
        note: &adjustment.note,
    };
    Movement::insert_all(conn, &[Movement::of(&level, delta, reason, origin)])?;
    Ok(changed)
}

/// Takes in the first goods of new variants, into the first warehouse.
pub fn receive(conn: &mut PgConnection, goods: &[(VariantId, i32)], origin: &Origin) -> Result<(), StockError> {
    for (variant, quantity) in goods {
        let (variant, change) = (*variant, Change::Add(*quantity));
        adjust(
            conn,
            &Adjustment {
                variant,
                warehouse: None,
                change,
                note: String::new(),
            },
            origin,
        )?;
    }
    Ok(())
}
