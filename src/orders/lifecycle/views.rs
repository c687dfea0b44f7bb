//! JSON views of orders.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Order, OrderHistoryEntry, OrderLine};
use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::customers::accounts::{self, CustomerView};
use crate::customers::permissions::ViewCustomers;
use crate::orders::access::OrderAccess;
use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::permissions::ViewOrders;
use crate::platform::api::{ExpandedResources, LoadView, Relation, Resource, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::http::request_body;
use crate::platform::types::{
    ActorView, ChannelId, Country, Currency, CustomerId, DecimalString, Email, Phone, TaxRate, Text,
};
use crate::products::catalogue::{self, ProductView};
use crate::products::channels::{self, Channel, ChannelView};
use crate::products::ids::{ProductId, VariantId};
use crate::products::slug::Slug;

/// Order with its lines. Prices and addresses are copies made when the order was placed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d21", "number": "M-7F3K2Q", "status": "pending",
    "payment_status": "unpaid", "fulfillment_status": "unfulfilled", "channel": "default",
    "customer": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d01", "email": "ana@example.com", "phone": "+254700000001",
    "currency": "EUR", "subtotal_net": "25.00", "shipping_net": "0.00", "discount": "0.00", "total_net": "25.00",
    "total_tax": "4.00", "total_gross": "29.00",
    "shipping_address": {
        "name": "Ana Wanjiru", "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi",
        "postal_code": "00100", "area": "", "country": "KE", "phone": "+254700000001",
    },
    "billing_address": {
        "name": "Ana Wanjiru", "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi",
        "postal_code": "00100", "area": "", "country": "KE", "phone": "+254700000001",
    },
    "note": "",
    "lines": [
        {
            "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d22", "product": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d11",
            "variant": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d12", "product_name": "Enamel mug", "variant_name": "White",
            "sku": "MUG-1", "options": {"color": "white"}, "quantity": 2, "unit_price": "12.50", "discount": "0.00",
            "tax_rate": "0.1600", "total_net": "25.00", "total_tax": "4.00", "total_gross": "29.00",
        },
    ],
    "placed_at": "2026-11-21T08:00:00Z", "created_at": "2026-11-21T08:00:00Z", "updated_at": "2026-11-21T08:00:00Z",
}))]
pub struct OrderView {
    pub id: OrderId,
    /// Human-readable order number.
    pub number: String,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub channel: Option<Slug>,
    /// Null for a guest.
    pub customer: Option<CustomerId>,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub currency: Currency,
    pub subtotal_net: DecimalString,
    pub shipping_net: DecimalString,
    pub discount: DecimalString,
    pub total_net: DecimalString,
    pub total_tax: DecimalString,
    pub total_gross: DecimalString,
    #[schema(value_type = OrderAddressView)]
    pub shipping_address: Value,
    #[schema(value_type = OrderAddressView)]
    pub billing_address: Value,
    pub note: String,
    pub lines: Vec<OrderLineView>,
    pub placed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Postal address of an order. After the erasure of the customer, it contains only the country.
#[derive(Debug, ToSchema)]
#[schema(as = OrderAddress)]
#[expect(dead_code, reason = "documents the addresses that orders store as JSON")]
struct OrderAddressView {
    #[schema(required = false)]
    name: String,
    #[schema(required = false)]
    company: String,
    #[schema(required = false)]
    line1: String,
    #[schema(required = false)]
    line2: String,
    #[schema(required = false)]
    city: String,
    #[schema(required = false)]
    postal_code: String,
    /// State, province or county.
    #[schema(required = false)]
    area: String,
    #[schema(required = false)]
    country: Option<Country>,
    /// Name of the country in the imported file. Only for imported orders.
    #[schema(required = false)]
    country_name: String,
    phone: Option<Phone>,
}

impl Resource for OrderView {
    const RELATIONS: &'static [Relation] = &[
        Relation::reference("channel", channels::expandable, || ChannelView::RELATIONS),
        Relation::reference("customer", expandable_customers, || CustomerView::RELATIONS),
        Relation::nested("lines", OrderLineView::RELATIONS),
    ];

    fn version(&self) -> Option<i32> {
        Some(self.version)
    }

    fn last_modified(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }
}

impl Resource for OrderLineView {
    const RELATIONS: &'static [Relation] = &[
        Relation::reference("product", catalogue::expandable_products, || ProductView::RELATIONS),
        Relation::reference("variant", catalogue::expandable_variants, || &[]),
    ];
}

/// Loads customers for `expand`: only the customer's own record, or all records with `customers.view`.
pub(in crate::orders) fn expandable_customers(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let Some(principal) = principal else { return Ok(ExpandedResources::default()) };
    let mut ids: Vec<CustomerId> = parse_keys(ids);
    if !principal.has_permission(ViewCustomers::PERMISSION) {
        ids.retain(|id| principal.customer_id() == Some(*id));
    }
    ExpandedResources::new(accounts::expand_customers(conn, &ids)?, Some(principal), |view| view.id.to_string())
}

/// Loads orders for `expand`: the customer's own orders, or the orders of the staff member's channels.
pub fn expandable_orders(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let access = principal.and_then(|principal| OrderAccess::for_principal(principal, ViewOrders::PERMISSION).ok());
    let Some(access) = access else { return Ok(ExpandedResources::default()) };
    let mut rows = Order::list_by_ids(conn, &parse_keys(ids))?;
    rows.retain(|order| order.is_accessible(&access));
    ExpandedResources::new(OrderView::load(conn, rows)?, principal, |view| view.id.to_string())
}

/// Order line: a copy of product and variant at the time of sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d22", "product": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d11",
    "variant": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d12", "product_name": "Enamel mug", "variant_name": "White",
    "sku": "MUG-1", "options": {"color": "white"}, "quantity": 2, "unit_price": "12.50", "discount": "0.00",
    "tax_rate": "0.1600", "total_net": "25.00", "total_tax": "4.00", "total_gross": "29.00",
}))]
pub struct OrderLineView {
    pub id: OrderLineId,
    pub product: ProductId,
    pub variant: VariantId,
    pub product_name: String,
    pub variant_name: String,
    pub sku: String,
    #[schema(value_type = HashMap<String, String>)]
    pub options: Value,
    pub quantity: i32,
    pub unit_price: DecimalString,
    pub discount: DecimalString,
    /// Tax rate as a fraction: `0.1600` is 16 %.
    pub tax_rate: DecimalString,
    pub total_net: DecimalString,
    pub total_tax: DecimalString,
    pub total_gross: DecimalString,
}

impl LoadView for OrderView {
    type Row = Order;

    fn load(conn: &mut PgConnection, orders: Vec<Order>) -> QueryResult<Vec<Self>> {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let mut lines = OrderLine::list_of_orders(conn, &ids)?;
        let channels: HashMap<ChannelId, Slug> =
            Channel::list(conn)?.into_iter().map(|channel| (channel.id, channel.slug)).collect();
        let view = |order: Order| {
            let lines = lines.remove(&order.id).unwrap_or_default();
            let channel = channels.get(&order.channel_id).cloned();
            Self::new(order, channel, lines)
        };
        Ok(orders.into_iter().map(view).collect())
    }
}

impl OrderView {
    /// Builds the view from the order, the slug of its channel and its lines.
    pub fn new(order: Order, channel: Option<Slug>, lines: Vec<OrderLine>) -> Self {
        let decimal = |amount| order.money(amount).to_decimal_string();
        Self {
            subtotal_net: decimal(order.subtotal_net),
            shipping_net: decimal(order.shipping_net),
            discount: decimal(order.discount),
            total_net: decimal(order.total_net),
            total_tax: decimal(order.total_tax),
            total_gross: decimal(order.total_gross),
            lines: lines.into_iter().map(|line| OrderLineView::new(line, &order)).collect(),
            id: order.id,
            number: order.number,
            status: order.status,
            payment_status: order.payment_status,
            fulfillment_status: order.fulfillment_status,
            channel,
            customer: order.customer_id,
            email: order.email,
            phone: order.phone,
            currency: order.currency,
            shipping_address: order.shipping_address,
            billing_address: order.billing_address,
            note: order.note,
            placed_at: order.placed_at,
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }
}

impl OrderLineView {
    fn new(line: OrderLine, order: &Order) -> Self {
        let decimal = |amount| order.money(amount).to_decimal_string();
        Self {
            id: line.id,
            product: line.product_id,
            variant: line.variant_id,
            unit_price: decimal(line.unit_price),
            discount: decimal(line.discount),
            tax_rate: TaxRate::new(line.tax_rate).unwrap_or(TaxRate::ZERO).to_decimal_string(),
            total_net: decimal(line.total_net),
            total_tax: decimal(line.total_tax),
            total_gross: decimal(line.total_gross),
            product_name: line.product_name,
            variant_name: line.variant_name,
            sku: line.sku,
            options: line.options,
            quantity: line.quantity,
        }
    }
}

/// Status change of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderHistoryEntry, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d27", "from_status": "pending", "to_status": "confirmed",
    "actor": {"type": "user", "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d31"}, "note": "Confirmed by phone.",
    "created_at": "2026-11-21T08:00:00Z",
}))]
pub struct OrderHistoryView {
    pub id: Uuid,
    /// Null for the first status.
    pub from_status: Option<OrderStatus>,
    pub to_status: OrderStatus,
    /// Principal that changed the status. Contains only the type unless the client is a staff member with
    /// `orders.view_notes`.
    #[schema(value_type = ActorView)]
    pub actor: Value,
    /// Empty unless the client is a staff member with `orders.view_notes`.
    pub note: String,
    pub created_at: DateTime<Utc>,
}

impl Resource for OrderHistoryView {}

impl OrderHistoryView {
    /// Builds the view. Without `with_details` it omits the note and the identity of the actor.
    pub(super) fn new(entry: OrderHistoryEntry, with_details: bool) -> Self {
        let kind = entry.actor.get("type").cloned().unwrap_or_default();
        let (actor, note) =
            if with_details { (entry.actor, entry.note) } else { (json!({"type": kind}), String::new()) };
        Self {
            id: entry.id,
            from_status: entry.from_status,
            to_status: entry.to_status,
            actor,
            note,
            created_at: entry.created_at,
        }
    }
}

/// Note for the order's history.
#[request_body(OrderTransitionRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"note": ""}))]
pub struct TransitionBody {
    pub note: Option<Text<1000>>,
}

impl TransitionBody {
    pub fn into_note(self) -> String {
        self.note.map(Text::into_inner).unwrap_or_default()
    }
}
