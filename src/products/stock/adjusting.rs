//! Goods that come in and are counted, and the warehouses they come to.

use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::StockError;
use super::ledger::{Movement, MovementKind, Reason};
use super::models::{Delta, Stock, Warehouse, variant_of_sku};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::types::{Country, VariantId, WarehouseId};

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

/// Changes a level, and tells what it was and is; refused where it would leave less than is promised to orders.
pub fn adjust(conn: &mut PgConnection, adjustment: &Adjustment, origin: &Origin) -> Result<(Stock, Stock), StockError> {
    let warehouse = match adjustment.warehouse {
        Some(warehouse) => warehouse,
        None => Warehouse::first(conn)?.id,
    };
    let level = Stock::lock_or_make(conn, adjustment.variant, warehouse, origin.at)?;
    let (kind, quantity) = match adjustment.change {
        Change::Set(quantity) => (MovementKind::Counted, quantity),
        Change::Add(delta) => {
            // The database's check adds the two up.
            let room = i32::MAX - level.backorder_limit - level.quantity.max(0);
            if delta > room {
                return Err(StockError::TooMany { room });
            }
            (MovementKind::Received, level.quantity.saturating_add(delta))
        }
    };
    let changed = level.set_quantity(conn, quantity, origin.at)?;
    let delta = Delta { stock: level.id, quantity: quantity - level.quantity, allocated: 0 };
    let reason = Reason { kind, order: None, note: &adjustment.note };
    Movement::insert_all(conn, &[Movement::of(&level, delta, reason, origin)])?;
    Ok((level, changed))
}

/// Takes in the first goods of new variants, into the first warehouse.
pub fn receive(conn: &mut PgConnection, goods: &[(VariantId, i32)], origin: &Origin) -> Result<(), StockError> {
    for (variant, quantity) in goods {
        let (variant, change) = (*variant, Change::Add(*quantity));
        adjust(conn, &Adjustment { variant, warehouse: None, change, note: String::new() }, origin)?;
    }
    Ok(())
}

/// A change of a level as staff speak of it.
#[derive(Debug, Clone)]
pub(super) struct GoodsCount {
    pub sku: String,
    /// Its code; none: the first warehouse.
    pub warehouse: Option<String>,
    pub change: Change,
    pub note: String,
}

/// [`adjust`], with SKU and code looked up.
pub(super) fn adjust_by_sku(conn: &mut PgConnection, count: &GoodsCount, origin: &Origin) -> Result<Stock, StockError> {
    let variant = variant_of_sku(conn, &count.sku)?.ok_or_else(|| StockError::VariantNotFound(count.sku.clone()))?;
    let warehouse = match &count.warehouse {
        None => None,
        Some(code) => {
            let found = Warehouse::find_by_code(conn, code)?;
            Some(found.ok_or_else(|| StockError::WarehouseNotFound(code.clone()))?.id)
        }
    };
    let adjustment = Adjustment { variant, warehouse, change: count.change, note: count.note.clone() };
    let (before, after) = adjust(conn, &adjustment, origin)?;
    let facts = |level: &Stock| json!({"quantity": level.quantity, "allocated": level.allocated});
    let told = Changes::between(&facts(&before), &facts(&after));
    let told = told.join(Changes::created(&json!({"sku": count.sku, "note": count.note})));
    audit::record(conn, origin, "stock.adjusted", ("stock", after.id.to_string()), told)?;
    Ok(after)
}

/// A warehouse to make.
#[derive(Debug, Clone)]
pub(super) struct NewWarehouse {
    pub code: String,
    pub name: String,
    pub country: Option<Country>,
    pub sort_order: i32,
}

pub(super) fn make_warehouse(
    conn: &mut PgConnection,
    new: &NewWarehouse,
    origin: &Origin,
) -> Result<Warehouse, StockError> {
    let warehouse = Warehouse {
        id: WarehouseId::generate(),
        code: new.code.clone(),
        name: new.name.clone(),
        country: new.country,
        sort_order: new.sort_order,
        is_active: true,
        created_at: origin.at,
        updated_at: origin.at,
    };
    warehouse.insert(conn)?;
    let NewWarehouse { code, name, country, sort_order } = new;
    let told = Changes::created(&json!({"code": code, "name": name, "country": country, "sort_order": sort_order}));
    audit::record(conn, origin, "warehouse.created", ("warehouse", warehouse.id.to_string()), told)?;
    Ok(warehouse)
}
