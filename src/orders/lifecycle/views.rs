//! Orders as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::OrderAccess;
use super::models::{HistoryEntry, Order, OrderLine};
use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::customers::accounts::{self, CustomerView};
use crate::platform::api::{Loaded, Relation, Resource, keys};
use crate::platform::auth::{Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::http::body;
use crate::platform::types::{
    ChannelId, Currency, CustomerId, DecimalString, Email, OrderId, OrderLineId, Paragraph, Phone, ProductId, Rate,
    Slug, VariantId,
};
use crate::products::catalogue::{self, ProductView};
use crate::products::channels::{self, Channel, ChannelView};

/// An order: a snapshot of what was bought.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    pub id: OrderId,
    /// What people call it.
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
    #[schema(value_type = Object)]
    pub shipping_address: Value,
    #[schema(value_type = Object)]
    pub billing_address: Value,
    pub note: String,
    pub lines: Vec<OrderLineView>,
    pub placed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
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

/// Customers in place of their ids: oneself, or anybody for those who see customers.
pub(in crate::orders) fn expandable_customers(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    let Some(principal) = principal else { return Ok(Loaded::default()) };
    let mut ids: Vec<CustomerId> = keys(ids);
    if !principal.may(Permission::CustomersView) {
        ids.retain(|id| principal.customer_id() == Some(*id));
    }
    Loaded::of(accounts::customers_in_full(conn, &ids)?, Some(principal), |view| view.id.to_string())
}

/// Orders in place of their ids: one's own, or anybody's for those who see all.
pub fn expandable_orders(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    let access = principal.and_then(|principal| OrderAccess::of(principal, Permission::OrdersView).ok());
    let Some(access) = access else { return Ok(Loaded::default()) };
    let mut rows = Order::with_ids(conn, &keys(ids))?;
    rows.retain(|order| access.covers(order));
    Loaded::of(OrderView::of_all(conn, rows)?, principal, |view| view.id.to_string())
}

/// A line of an order, as it was sold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct OrderLineView {
    pub id: OrderLineId,
    pub product: ProductId,
    pub variant: VariantId,
    pub product_name: String,
    pub variant_name: String,
    pub sku: String,
    #[schema(value_type = Object)]
    pub options: Value,
    pub quantity: i32,
    pub unit_price: DecimalString,
    pub discount: DecimalString,
    /// As a fraction: `0.1600` is 16 %.
    pub tax_rate: DecimalString,
    pub total_net: DecimalString,
    pub total_tax: DecimalString,
    pub total_gross: DecimalString,
}

impl OrderView {
    pub fn of(conn: &mut PgConnection, order: Order) -> QueryResult<Self> {
        let lines = OrderLine::of_order(conn, order.id)?;
        let channel = Channel::find(conn, order.channel_id)?;
        Ok(Self::new(order, channel.map(|channel| channel.slug), lines))
    }

    /// Lines and channels of all orders in one query each.
    pub fn of_all(conn: &mut PgConnection, orders: Vec<Order>) -> QueryResult<Vec<Self>> {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let mut lines = OrderLine::of_orders(conn, &ids)?;
        let channels: HashMap<ChannelId, Slug> =
            Channel::list(conn)?.into_iter().map(|channel| (channel.id, channel.slug)).collect();
        let view = |order: Order| {
            let lines = lines.remove(&order.id).unwrap_or_default();
            let channel = channels.get(&order.channel_id).cloned();
            Self::new(order, channel, lines)
        };
        Ok(orders.into_iter().map(view).collect())
    }

    /// From all that is shown of it.
    pub fn new(order: Order, channel: Option<Slug>, lines: Vec<OrderLine>) -> Self {
        let shown = |amount| order.money(amount).shown();
        Self {
            subtotal_net: shown(order.subtotal_net),
            shipping_net: shown(order.shipping_net),
            discount: shown(order.discount),
            total_net: shown(order.total_net),
            total_tax: shown(order.total_tax),
            total_gross: shown(order.total_gross),
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
        let shown = |amount| order.money(amount).shown();
        Self {
            id: line.id,
            product: line.product_id,
            variant: line.variant_id,
            unit_price: shown(line.unit_price),
            discount: shown(line.discount),
            tax_rate: Rate::new(line.tax_rate).unwrap_or(Rate::ZERO).shown(),
            total_net: shown(line.total_net),
            total_tax: shown(line.total_tax),
            total_gross: shown(line.total_gross),
            product_name: line.product_name,
            variant_name: line.variant_name,
            sku: line.sku,
            options: line.options,
            quantity: line.quantity,
        }
    }
}

/// A move of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderHistoryEntry)]
pub struct HistoryView {
    pub id: Uuid,
    /// Null for the first.
    pub from_status: Option<OrderStatus>,
    pub to_status: OrderStatus,
    /// Who moved it; only the kind of actor for others than staff.
    #[schema(value_type = Object)]
    pub actor: Value,
    /// Empty for others than staff.
    pub note: String,
    pub created_at: DateTime<Utc>,
}

impl Resource for HistoryView {}

impl HistoryView {
    /// Staff see who did what and why; others see when, and by what kind of actor.
    pub(super) fn new(entry: HistoryEntry, is_for_staff: bool) -> Self {
        let kind = entry.actor.get("type").cloned().unwrap_or_default();
        let (actor, note) =
            if is_for_staff { (entry.actor, entry.note) } else { (json!({"type": kind}), String::new()) };
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

body! {
    /// Why an order is moved, for its history.
    #[schema(as = OrderTransitionRequest, example = json!({"note": ""}))]
    pub struct TransitionBody {
        pub note: Option<Paragraph<1000>>,
    }
}

impl TransitionBody {
    pub fn into_note(self) -> String {
        self.note.map(Paragraph::into_inner).unwrap_or_default()
    }
}
