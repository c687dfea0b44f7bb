//! JSON views of returns.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Return, ReturnId, ReturnLine, ReturnStatus};
use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::lifecycle::{OrderView, expandable_orders};
use crate::platform::api::{Relation, Resource};
use crate::platform::types::{Currency, CustomerId, DecimalString, Money};
use crate::products::catalogue::{self, ProductView};
use crate::products::ids::{ProductId, VariantId};

/// Return of goods. Lists omit the lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d23", "number": "R-M-7F3K2Q",
    "order": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d21", "customer": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d01",
    "status": "requested", "currency": "EUR", "total_gross": "14.50",
    "lines": [
        {
            "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d24", "order_line": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d22",
            "product": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d11", "variant": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d12",
            "product_name": "Enamel mug", "sku": "MUG-1", "quantity": 1, "unit_price": "12.50",
            "total_gross": "14.50",
        },
    ],
    "returned_at": "2026-11-28T08:00:00Z", "created_at": "2026-11-28T08:00:00Z",
}))]
pub struct ReturnView {
    pub id: ReturnId,
    pub number: String,
    /// Null for an imported credit note.
    pub order: Option<OrderId>,
    pub customer: Option<CustomerId>,
    pub status: ReturnStatus,
    pub currency: Currency,
    pub total_gross: DecimalString,
    pub lines: Vec<ReturnLineView>,
    pub returned_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnLine)]
pub struct ReturnLineView {
    pub id: Uuid,
    pub order_line: Option<OrderLineId>,
    pub product: ProductId,
    pub variant: VariantId,
    pub product_name: String,
    pub sku: String,
    pub quantity: i32,
    pub unit_price: DecimalString,
    pub total_gross: DecimalString,
}

impl Resource for ReturnView {
    const RELATIONS: &'static [Relation] = &[
        Relation::reference("order", expandable_orders, || OrderView::RELATIONS),
        Relation::nested("lines", RETURN_LINE_RELATIONS),
    ];
}

const RETURN_LINE_RELATIONS: &[Relation] = &[
    Relation::reference("product", catalogue::expandable_products, || ProductView::RELATIONS),
    Relation::reference("variant", catalogue::expandable_variants, || &[]),
];

impl ReturnView {
    /// Loads the lines and builds the view.
    pub(super) fn load(conn: &mut PgConnection, row: Return) -> QueryResult<Self> {
        let lines = row.load_lines(conn)?;
        Ok(Self::new(row, lines))
    }

    /// Builds the view.
    pub(super) fn new(row: Return, lines: Vec<ReturnLine>) -> Self {
        let decimal = |amount| Money::new(amount, row.currency).to_decimal_string();
        let line = |line: ReturnLine| ReturnLineView {
            id: line.id,
            order_line: line.order_line_id,
            product: line.product_id,
            variant: line.variant_id,
            unit_price: decimal(line.unit_price),
            total_gross: decimal(line.total_gross),
            product_name: line.product_name,
            sku: line.sku,
            quantity: line.quantity,
        };
        Self {
            total_gross: decimal(row.total_gross),
            lines: lines.into_iter().map(line).collect(),
            id: row.id,
            number: row.number,
            order: row.order_id,
            customer: row.customer_id,
            status: row.status,
            currency: row.currency,
            returned_at: row.returned_at,
            created_at: row.created_at,
        }
    }
}
