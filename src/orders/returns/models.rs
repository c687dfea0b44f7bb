//! Rows of `returns` and `return_lines`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::lifecycle::{Order, OrderLine};
use crate::platform::types::{Currency, CustomerId, new_uuid, text_enum, typed_id};
use crate::products::ids::{ProductId, VariantId};
use crate::schema::{return_lines, returns};

typed_id!(
    /// Id of a return.
    ReturnId
);

text_enum! {
    /// Status of a return.
    pub enum ReturnStatus {
        /// The customer has requested a return.
        Requested = "requested",
        /// The goods have arrived.
        Received = "received",
        /// The payment is refunded.
        Refunded = "refunded",
    }
}

/// Row of `returns`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = returns)]
pub struct Return {
    pub id: ReturnId,
    pub number: String,
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub status: ReturnStatus,
    pub currency: Currency,
    pub total_gross: Decimal,
    pub returned_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = return_lines)]
pub(super) struct ReturnLine {
    pub id: Uuid,
    pub return_id: ReturnId,
    pub position: i32,
    pub order_line_id: Option<OrderLineId>,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub product_name: String,
    pub sku: String,
    pub quantity: i32,
    pub unit_price: Decimal,
    pub total_gross: Decimal,
}

impl Return {
    pub fn find(conn: &mut PgConnection, id: ReturnId) -> QueryResult<Option<Self>> {
        Self::query().filter(returns::id.eq(id)).first(conn).optional()
    }

    /// Inserts a return of all lines of an order.
    pub fn insert_for_order(conn: &mut PgConnection, order: &Order, now: DateTime<Utc>) -> QueryResult<Self> {
        diesel::insert_into(returns::table)
            .values((
                returns::id.eq(ReturnId::generate()),
                returns::number.eq(format!("R-{}", order.number)),
                returns::order_id.eq(order.id),
                returns::customer_id.eq(order.customer_id),
                returns::status.eq(ReturnStatus::Received),
                returns::origin.eq("shop"),
                returns::currency.eq(order.currency),
                returns::total_gross.eq(order.total_gross),
                returns::returned_at.eq(now),
                returns::created_at.eq(now),
                returns::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn load_lines(&self, conn: &mut PgConnection) -> QueryResult<Vec<ReturnLine>> {
        ReturnLine::query().filter(return_lines::return_id.eq(self.id)).order(return_lines::position).load(conn)
    }
}

impl ReturnLine {
    pub fn from_order_line(line: &OrderLine, id: ReturnId) -> Self {
        Self {
            id: new_uuid(),
            return_id: id,
            position: line.position,
            order_line_id: Some(line.id),
            product_id: line.product_id,
            variant_id: line.variant_id,
            product_name: line.product_name.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            total_gross: line.total_gross,
        }
    }

    pub fn insert_all(conn: &mut PgConnection, lines: &[Self]) -> QueryResult<()> {
        diesel::insert_into(return_lines::table).values(lines).execute(conn).map(|_| ())
    }
}
