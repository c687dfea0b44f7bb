//! Returns on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Return, ReturnId, ReturnLine, ReturnStatus};
use crate::orders::lifecycle::{OrderView, expandable_orders};
use crate::platform::api::{Relation, Resource};
use crate::platform::types::{Currency, CustomerId, DecimalString, Money, OrderId, OrderLineId, ProductId, VariantId};
use crate::products::catalogue::{self, ProductView};

/// Goods that came back; lists leave out the lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    pub id: ReturnId,
    pub number: String,
    /// Null for an imported credit note that names no order.
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
    pub(super) fn new(row: Return, lines: Vec<ReturnLine>) -> Self {
        let shown = |amount| Money::new(amount, row.currency).shown();
        let line = |line: ReturnLine| ReturnLineView {
            id: line.id,
            order_line: line.order_line_id,
            product: line.product_id,
            variant: line.variant_id,
            unit_price: shown(line.unit_price),
            total_gross: shown(line.total_gross),
            product_name: line.product_name,
            sku: line.sku,
            quantity: line.quantity,
        };
        Self {
            total_gross: shown(row.total_gross),
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
