//! JSON representation of warehouses.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::Warehouse;
use crate::platform::api::{ExpandedResources, View, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::types::Country;
use crate::products::ids::WarehouseId;

/// Location that stores and ships goods.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Warehouse, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d15", "code": "main", "name": "Main warehouse", "country": "KE",
    "sort_order": 1, "is_active": true, "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = Warehouse)]
pub struct WarehouseView {
    pub id: WarehouseId,
    pub code: String,
    pub name: String,
    pub country: Option<Country>,
    /// Priority of allocation; lower values come first.
    pub sort_order: i32,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Loads the warehouses that replace their ids in an expanded response. Requires no permission beyond that of the stock
/// levels.
pub fn expandable(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let rows = Warehouse::load_by_ids(conn, &parse_keys(ids))?;
    ExpandedResources::new(rows.into_iter().map(WarehouseView::from).collect(), principal, |view| view.id.to_string())
}
