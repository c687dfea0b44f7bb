//! Stock as JSON, and what may be sent to change it.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::adjusting::{Change, GoodsCount, NewWarehouse};
use super::ledger::{Movement, MovementKind};
use super::models::{Stock, Warehouse};
use crate::platform::api::{Loaded, Relation, Resource, keys};
use crate::platform::auth::Principal;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{FromJson, body};
use crate::platform::types::{Country, Line, OrderId, Paragraph, StockId, VariantId, WarehouseId};

/// The level of a variant in a warehouse.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockView {
    pub id: StockId,
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    /// On the shelf.
    pub quantity: i32,
    /// Of these, promised to open orders.
    pub allocated: i32,
    /// May still be promised.
    pub available: i32,
    pub updated_at: DateTime<Utc>,
}

impl Resource for StockView {
    const RELATIONS: &'static [Relation] = &[Relation::reference("warehouse", expandable_warehouses, || &[])];
}

impl From<Stock> for StockView {
    fn from(stock: Stock) -> Self {
        Self {
            available: stock.free(),
            id: stock.id,
            variant: stock.variant_id,
            warehouse: stock.warehouse_id,
            quantity: stock.quantity,
            allocated: stock.allocated,
            updated_at: stock.updated_at,
        }
    }
}

/// An entry of the stock ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockMovement)]
pub struct MovementView {
    pub id: Uuid,
    pub stock: StockId,
    pub kind: MovementKind,
    pub quantity_delta: i32,
    pub allocated_delta: i32,
    pub quantity_after: i32,
    pub allocated_after: i32,
    pub order: Option<OrderId>,
    /// Who did it.
    #[schema(value_type = Object)]
    pub actor: Value,
    pub note: String,
    pub created_at: DateTime<Utc>,
}

impl Resource for MovementView {
    const RELATIONS: &'static [Relation] = &[Relation::reference("stock", expandable_levels, || StockView::RELATIONS)];
}

impl From<Movement> for MovementView {
    fn from(movement: Movement) -> Self {
        Self {
            id: movement.id,
            stock: movement.stock_id,
            kind: movement.kind,
            quantity_delta: movement.quantity_delta,
            allocated_delta: movement.allocated_delta,
            quantity_after: movement.quantity_after,
            allocated_after: movement.allocated_after,
            order: movement.order_id,
            actor: movement.actor,
            note: movement.note,
            created_at: movement.created_at,
        }
    }
}

/// A place that goods are kept in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Warehouse)]
pub struct WarehouseView {
    pub id: WarehouseId,
    pub code: String,
    pub name: String,
    pub country: Option<Country>,
    /// Lower ones deliver first.
    pub sort_order: i32,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Resource for WarehouseView {}

/// Warehouses in place of their ids; whoever sees levels sees these.
fn expandable_warehouses(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    let mut rows = Warehouse::list(conn)?;
    rows.retain(|warehouse| keys(ids).contains(&warehouse.id));
    Loaded::of(rows.into_iter().map(WarehouseView::from).collect(), principal, |view| view.id.to_string())
}

/// Levels in place of their ids; whoever sees the ledger sees these.
fn expandable_levels(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    let rows = Stock::with_ids(conn, &keys(ids))?;
    Loaded::of(rows.into_iter().map(StockView::from).collect(), principal, |view| view.id.to_string())
}

impl From<Warehouse> for WarehouseView {
    fn from(warehouse: Warehouse) -> Self {
        Self {
            id: warehouse.id,
            code: warehouse.code,
            name: warehouse.name,
            country: warehouse.country,
            sort_order: warehouse.sort_order,
            is_active: warehouse.is_active,
            created_at: warehouse.created_at,
            updated_at: warehouse.updated_at,
        }
    }
}

body! {
    #[schema(as = WarehouseRequest)]
    pub struct WarehouseBody {
        /// Short and unique, such as `north`.
        #[schema(value_type = String, max_length = 50)]
        pub code: Line<50>,
        #[schema(value_type = String, max_length = 150)]
        pub name: Line<150>,
        pub country: Option<Country>,
        pub sort_order: Option<i32>,
    }
}

/// A count of goods: from nothing to a hundred million.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = 0, maximum = 100_000_000)]
pub struct Level(i32);

impl Level {
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// A change of goods, at most a hundred million either way.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = -100_000_000, maximum = 100_000_000)]
pub struct LevelChange(i32);

const MOST: i32 = 100_000_000;

fn bounded(value: Value, least: i32) -> Result<i32, ErrorTree> {
    let number = i64::from_json(value)?;
    if number < i64::from(least) {
        return Err(ErrorTree::min_value(i64::from(least)));
    }
    i32::try_from(number).ok().filter(|number| *number <= MOST).ok_or_else(|| ErrorTree::max_value(i64::from(MOST)))
}

impl FromJson for Level {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        bounded(value, 0).map(Self)
    }
}

impl FromJson for LevelChange {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        bounded(value, -MOST).map(Self)
    }
}

body! {
    /// Either what was counted or what came and went.
    #[schema(as = StockAdjustmentRequest)]
    pub struct AdjustmentBody {
        #[schema(value_type = String, example = "MUG-1", max_length = 64)]
        pub sku: Line<64>,
        /// The code of the warehouse; the first one where it is left out.
        #[schema(value_type = Option<String>, max_length = 50)]
        pub warehouse: Option<Line<50>>,
        /// So many were counted.
        pub quantity: Option<Level>,
        /// So many came in; negative: went.
        pub delta: Option<LevelChange>,
        pub note: Option<Paragraph<500>>,
    }
}

impl AdjustmentBody {
    pub(super) fn into_count(self) -> Result<GoodsCount, Problem> {
        let change = match (self.quantity, self.delta) {
            (Some(counted), None) => Change::Set(counted.0),
            (None, Some(moved)) => Change::Add(moved.0),
            _ => {
                let tree = ErrorTree::of_object("invalid", "Give either quantity or delta.");
                return Err(Problem::invalid(tree));
            }
        };
        Ok(GoodsCount {
            sku: self.sku.into_inner(),
            warehouse: self.warehouse.map(Line::into_inner),
            change,
            note: self.note.map(Paragraph::into_inner).unwrap_or_default(),
        })
    }
}

impl WarehouseBody {
    pub(super) fn into_new(self) -> NewWarehouse {
        NewWarehouse {
            code: self.code.into_inner(),
            name: self.name.into_inner(),
            country: self.country,
            sort_order: self.sort_order.unwrap_or(1),
        }
    }
}
