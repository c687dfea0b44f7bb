//! The ledger: every change of a level, with who, why and the balance after it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::models::{Delta, Stock};
use crate::platform::audit::Origin;
use crate::platform::types::{OrderId, StockId, new_uuid, text_enum};
use crate::schema::stock_movements;

text_enum! {
    /// Why a level changed.
    pub enum MovementKind {
        /// Promised to an order.
        Allocated = "allocated",
        /// No longer promised.
        Released = "released",
        /// Left the warehouse.
        Shipped = "shipped",
        /// Came back and can be sold again.
        Returned = "returned",
        /// Came in.
        Received = "received",
        /// Counted by hand.
        Counted = "counted",
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = stock_movements)]
pub(super) struct Movement {
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

/// Why something moved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reason<'a> {
    pub kind: MovementKind,
    pub order: Option<OrderId>,
    pub note: &'a str,
}

impl Movement {
    /// The entry for a change of `before`.
    pub fn of(before: &Stock, delta: Delta, reason: Reason<'_>, origin: &Origin) -> Self {
        Self {
            id: new_uuid(),
            stock_id: before.id,
            kind: reason.kind,
            quantity_delta: delta.quantity,
            allocated_delta: delta.allocated,
            quantity_after: before.quantity + delta.quantity,
            allocated_after: before.allocated + delta.allocated,
            order_id: reason.order,
            actor: origin.actor.to_json(),
            note: reason.note.to_owned(),
            created_at: origin.at,
        }
    }

    /// What left for an order and has not come back, by the level it left from.
    pub fn outstanding(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<(StockId, i64)>> {
        let moved = [MovementKind::Shipped, MovementKind::Returned];
        let rows: Vec<(StockId, Option<i64>)> = stock_movements::table
            .filter(stock_movements::order_id.eq(order))
            .filter(stock_movements::kind.eq_any(moved))
            .group_by(stock_movements::stock_id)
            .order(stock_movements::stock_id)
            .select((stock_movements::stock_id, diesel::dsl::sum(stock_movements::quantity_delta)))
            .load(conn)?;
        let gone = rows.into_iter().map(|(stock, delta)| (stock, -delta.unwrap_or_default()));
        Ok(gone.filter(|(_, gone)| *gone > 0).collect())
    }

    pub fn insert_all(conn: &mut PgConnection, movements: &[Self]) -> QueryResult<()> {
        diesel::insert_into(stock_movements::table).values(movements).execute(conn).map(|_| ())
    }
}
