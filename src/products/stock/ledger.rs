//! Rows of `stock_movements`, the ledger: each change of a stock level with actor, reason and resulting balance.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use serde_json::Value;
use uuid::Uuid;

use super::models::{LevelDelta, Stock};
use crate::platform::types::{new_uuid, text_enum};
use crate::platform::write_context::WriteContext;
use crate::products::ids::{OrderId, StockId};
use crate::schema::stock_movements;

text_enum! {
    /// Kind of a stock movement.
    pub enum MovementKind {
        /// Allocated to an order.
        Allocated = "allocated",
        /// Allocation released.
        Released = "released",
        /// Shipped to the customer.
        Shipped = "shipped",
        /// Returned by the customer and available again.
        Returned = "returned",
        /// Received by the warehouse.
        Received = "received",
        /// Set by a stock count.
        Counted = "counted",
    }
}

/// Entry of the stock ledger.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = stock_movements)]
pub struct Movement {
    pub id: Uuid,
    pub stock_id: StockId,
    pub kind: MovementKind,
    pub quantity_delta: i32,
    pub allocated_delta: i32,
    pub quantity_after: i32,
    pub allocated_after: i32,
    pub order_id: Option<OrderId>,
    pub actor: Value,
    pub note: String,
    pub created_at: DateTime<Utc>,
}

/// Kind, order and note of a movement.
#[derive(Debug, Clone, Copy)]
pub(super) struct MovementReason<'a> {
    pub kind: MovementKind,
    pub order: Option<OrderId>,
    pub note: &'a str,
}

impl Movement {
    /// Creates the entry of a change of the level `before`.
    pub(super) fn new(before: &Stock, delta: LevelDelta, reason: MovementReason<'_>, context: &WriteContext) -> Self {
        Self {
            id: new_uuid(),
            stock_id: before.id,
            kind: reason.kind,
            quantity_delta: delta.quantity,
            allocated_delta: delta.allocated,
            quantity_after: before.quantity + delta.quantity,
            allocated_after: before.allocated + delta.allocated,
            order_id: reason.order,
            actor: context.actor.to_json(),
            note: reason.note.to_owned(),
            created_at: context.at,
        }
    }

    /// Returns the quantity of an order that was shipped from each level and not returned.
    pub fn load_unreturned(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<(StockId, i32)>> {
        let kinds = [MovementKind::Shipped, MovementKind::Returned];
        // The cast fails instead of truncating a sum that exceeds the range of a stock level.
        let shipped: Vec<(StockId, i32)> = stock_movements::table
            .filter(stock_movements::order_id.eq(order))
            .filter(stock_movements::kind.eq_any(kinds))
            .group_by(stock_movements::stock_id)
            .order(stock_movements::stock_id)
            .select((stock_movements::stock_id, sql::<Integer>("(-sum(quantity_delta))::int")))
            .load(conn)?;
        Ok(shipped.into_iter().filter(|(_, quantity)| *quantity > 0).collect())
    }

    pub fn insert_all(conn: &mut PgConnection, movements: &[Self]) -> QueryResult<()> {
        diesel::insert_into(stock_movements::table).values(movements).execute(conn).map(|_| ())
    }
}
