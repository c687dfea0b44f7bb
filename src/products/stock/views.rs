//! JSON representation and request bodies of stock levels and stock movements.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::adjustments::{AdjustmentBySku, QuantityChange};
use super::ledger::{Movement, MovementKind};
use super::models::Stock;
use crate::platform::api::{ExpandedResources, Relation, View, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{FromJson, request_body};
use crate::platform::types::{ActorView, NonEmptyText, Text};
use crate::products::ids::{OrderId, StockId, VariantId, WarehouseId};
use crate::products::warehouses;

/// Stock level of a variant in a warehouse.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Stock, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d16", "variant": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d12",
    "warehouse": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d15", "quantity": 40, "allocated": 2, "available": 38,
    "updated_at": "2026-11-21T08:00:00Z",
}))]
#[view(row = Stock)]
#[view(relations(Relation::reference("warehouse", warehouses::expandable, || &[])))]
pub struct StockView {
    pub id: StockId,
    #[view(field = variant_id)]
    pub variant: VariantId,
    #[view(field = warehouse_id)]
    pub warehouse: WarehouseId,
    /// Quantity on hand.
    pub quantity: i32,
    /// Quantity allocated to orders.
    pub allocated: i32,
    /// Quantity that can still be sold, including backorders.
    #[view(value = row.available())]
    pub available: i32,
    pub updated_at: DateTime<Utc>,
}

/// Entry of the stock ledger.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = StockMovement, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d17", "stock": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d16",
    "kind": "allocated", "quantity_delta": 0, "allocated_delta": 2, "quantity_after": 40, "allocated_after": 2,
    "order": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d21",
    "actor": {"type": "user", "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d02"}, "note": "",
    "created_at": "2026-11-21T08:00:00Z",
}))]
#[view(row = Movement)]
#[view(relations(Relation::reference("stock", expandable_levels, || StockView::RELATIONS)))]
pub struct MovementView {
    pub id: Uuid,
    #[view(field = stock_id)]
    pub stock: StockId,
    pub kind: MovementKind,
    pub quantity_delta: i32,
    pub allocated_delta: i32,
    pub quantity_after: i32,
    pub allocated_after: i32,
    #[view(field = order_id)]
    pub order: Option<OrderId>,
    /// User, app or system process that caused the movement.
    #[schema(value_type = ActorView)]
    pub actor: Value,
    pub note: String,
    pub created_at: DateTime<Utc>,
}

/// Loads the stock levels that replace their ids in an expanded response. Requires no permission beyond that of the
/// ledger.
fn expandable_levels(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let rows = Stock::load_by_ids(conn, &parse_keys(ids))?;
    ExpandedResources::new(rows.into_iter().map(StockView::from).collect(), principal, |view| view.id.to_string())
}

/// Quantity of a stock level: 0 to 100,000,000.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = 0, maximum = 100_000_000)]
pub struct StockQuantity(i32);

impl StockQuantity {
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// Change of a quantity: -100,000,000 to 100,000,000.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = -100_000_000, maximum = 100_000_000)]
pub struct StockDelta(i32);

const MAX_QUANTITY: i32 = 100_000_000;

fn parse_quantity(value: Value, minimum: i32) -> Result<i32, ErrorTree> {
    let number = i64::from_json(value)?;
    if number < i64::from(minimum) {
        return Err(ErrorTree::min_value(i64::from(minimum)));
    }
    i32::try_from(number)
        .ok()
        .filter(|number| *number <= MAX_QUANTITY)
        .ok_or_else(|| ErrorTree::max_value(i64::from(MAX_QUANTITY)))
}

impl FromJson for StockQuantity {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        parse_quantity(value, 0).map(Self)
    }
}

impl FromJson for StockDelta {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        parse_quantity(value, -MAX_QUANTITY).map(Self)
    }
}

/// Adjustment of a stock level: either a counted `quantity` or a `delta`.
#[request_body(StockAdjustmentRequest)]
#[derive(Debug)]
#[schema(example = json!({"sku": "MUG-1", "warehouse": "main", "quantity": 40, "note": "Annual stock count."}))]
pub struct AdjustmentBody {
    #[schema(example = "MUG-1")]
    pub sku: NonEmptyText<64>,
    /// Code of the warehouse. Default: the first active warehouse in allocation order.
    pub warehouse: Option<NonEmptyText<50>>,
    /// Counted quantity.
    pub quantity: Option<StockQuantity>,
    /// Received quantity; negative if goods leave the warehouse.
    pub delta: Option<StockDelta>,
    pub note: Option<Text<500>>,
}

impl AdjustmentBody {
    pub(super) fn into_command(self) -> Result<AdjustmentBySku, Problem> {
        let change = match (self.quantity, self.delta) {
            (Some(quantity), None) => QuantityChange::Set(quantity.0),
            (None, Some(delta)) => QuantityChange::Add(delta.0),
            _ => {
                let tree = ErrorTree::non_field("invalid", "Specify either quantity or delta.");
                return Err(Problem::invalid(tree));
            }
        };
        Ok(AdjustmentBySku {
            sku: self.sku.into_inner(),
            warehouse: self.warehouse.map(NonEmptyText::into_inner),
            change,
            note: self.note.map(Text::into_inner).unwrap_or_default(),
        })
    }
}
