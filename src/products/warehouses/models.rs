//! Rows of `warehouses`, and the request body that creates one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::errors::WarehouseError;
use crate::platform::error::ConstraintExt;
use crate::platform::http::request_body;
use crate::platform::types::{Country, NonEmptyText};
use crate::products::ids::WarehouseId;
use crate::schema::warehouses;

/// Location that stores and ships goods.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = warehouses)]
pub struct Warehouse {
    pub id: WarehouseId,
    pub code: String,
    pub name: String,
    pub country: Option<Country>,
    pub sort_order: i32,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[request_body(WarehouseRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"code": "main", "name": "Main warehouse", "country": "KE", "sort_order": 1}))]
pub struct WarehouseBody {
    /// Short unique code, such as `north`.
    pub code: NonEmptyText<50>,
    pub name: NonEmptyText<150>,
    pub country: Option<Country>,
    /// Priority of allocation; lower values come first. Default: 1.
    pub sort_order: Option<i32>,
}

impl Warehouse {
    pub(super) fn list(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((warehouses::sort_order, warehouses::id)).load(conn)
    }

    pub(super) fn load_by_ids(conn: &mut PgConnection, ids: &[WarehouseId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(warehouses::id.eq_any(ids)).load(conn)
    }

    pub fn find_by_code(conn: &mut PgConnection, code: &str) -> QueryResult<Option<Self>> {
        Self::query().filter(warehouses::code.eq(code)).first(conn).optional()
    }

    /// Returns the first active warehouse, which is the default of stock adjustments.
    pub fn find_first(conn: &mut PgConnection) -> QueryResult<Self> {
        Self::query().filter(warehouses::is_active).order((warehouses::sort_order, warehouses::id)).first(conn)
    }

    pub(super) fn insert(&self, conn: &mut PgConnection) -> Result<(), WarehouseError> {
        let inserted = diesel::insert_into(warehouses::table).values(self).execute(conn);
        inserted.on_constraint("warehouses_code_key", || WarehouseError::CodeTaken).map(|_| ())
    }
}
