//! Business rules of warehouses.

use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::WarehouseError;
use super::models::{Warehouse, WarehouseBody};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::write_context::WriteContext;
use crate::products::ids::WarehouseId;

/// Creates an active warehouse.
pub(super) fn create(
    conn: &mut PgConnection,
    new: &WarehouseBody,
    context: &WriteContext,
) -> Result<Warehouse, WarehouseError> {
    let warehouse = Warehouse {
        id: WarehouseId::generate(),
        code: new.code.clone().into_inner(),
        name: new.name.clone().into_inner(),
        country: new.country,
        sort_order: new.sort_order.unwrap_or(1),
        is_active: true,
        created_at: context.at,
        updated_at: context.at,
    };
    warehouse.insert(conn)?;
    let Warehouse { code, name, country, sort_order, .. } = &warehouse;
    let changes = Changes::created(&json!({"code": code, "name": name, "country": country, "sort_order": sort_order}));
    audit::record(conn, context, "warehouse.created", AuditObject::new("warehouse", warehouse.id), changes)?;
    Ok(warehouse)
}
