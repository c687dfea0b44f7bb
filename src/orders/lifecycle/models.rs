//! Rows of `orders`, `order_lines` and `order_history`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::orders::access::OrderAccess;
use crate::orders::ids::{OrderId, OrderLineId};
use crate::platform::db::fixed_statement;
use crate::platform::types::{ChannelId, Currency, CustomerId, Email, Money, Phone, new_uuid, text_enum};
use crate::platform::write_context::WriteContext;
use crate::products::ids::{ProductId, VariantId};
use crate::schema::{order_history, order_lines, orders};

text_enum! {
    /// Source of an order.
    pub enum OrderOrigin {
        /// Placed by a customer or a guest.
        Shop = "shop",
        /// Placed by a staff member for a customer.
        Staff = "staff",
        /// Imported from a previous shop.
        Import = "import",
    }
}

/// Row of `orders`. Prices and addresses are copies made when the order was placed.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = orders)]
pub struct Order {
    pub id: OrderId,
    pub number: String,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub channel_id: ChannelId,
    pub customer_id: Option<CustomerId>,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub currency: Currency,
    pub subtotal_net: Decimal,
    pub shipping_net: Decimal,
    pub discount: Decimal,
    pub total_net: Decimal,
    pub total_tax: Decimal,
    pub total_gross: Decimal,
    pub shipping_address: Value,
    pub billing_address: Value,
    pub note: String,
    pub access_token_hash: Option<Vec<u8>>,
    pub placed_at: DateTime<Utc>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Order to insert. The database generates its number.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = orders)]
// Keeps the SQL text constant, so that one prepared statement serves all orders.
#[diesel(treat_none_as_default_value = false)]
pub struct NewOrder {
    pub id: OrderId,
    pub status: OrderStatus,
    pub origin: OrderOrigin,
    pub channel_id: ChannelId,
    pub customer_id: Option<CustomerId>,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub currency: Currency,
    pub subtotal_net: Decimal,
    pub discount: Decimal,
    pub total_net: Decimal,
    pub total_tax: Decimal,
    pub total_gross: Decimal,
    pub shipping_address: Value,
    pub billing_address: Value,
    pub note: String,
    pub access_token_hash: Option<Vec<u8>>,
    pub placed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Order {
    /// Returns true if the access includes this order.
    pub fn is_accessible(&self, access: &OrderAccess) -> bool {
        match access {
            OrderAccess::Staff(scope) => scope.contains(self.channel_id),
            OrderAccess::Owner { customer, token_hash } => {
                let is_own_order = customer.is_some() && self.customer_id == *customer;
                is_own_order || (token_hash.is_some() && self.access_token_hash == *token_hash)
            }
        }
    }

    pub fn find(conn: &mut PgConnection, id: OrderId) -> QueryResult<Option<Self>> {
        Self::query().filter(orders::id.eq(id)).first(conn).optional()
    }

    pub(super) fn list_by_ids(conn: &mut PgConnection, ids: &[OrderId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(orders::id.eq_any(ids)).load(conn)
    }

    /// Returns the order, locked, so that status changes of one order run one after the other.
    pub(in crate::orders) fn lock(conn: &mut PgConnection, id: OrderId) -> QueryResult<Option<Self>> {
        Self::query().filter(orders::id.eq(id)).for_update().first(conn).optional()
    }

    /// Combines an amount of this order with the order's currency.
    pub const fn money(&self, amount: Decimal) -> Money {
        Money::new(amount, self.currency)
    }

    pub(super) fn insert(conn: &mut PgConnection, new: &NewOrder) -> QueryResult<Self> {
        diesel::insert_into(orders::table).values(new).returning(Self::as_returning()).get_result(conn)
    }

    pub(super) fn set_status(
        &self,
        conn: &mut PgConnection,
        status: OrderStatus,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::update(orders::table.find(self.id))
            .set((orders::status.eq(status), orders::version.eq(orders::version + 1), orders::updated_at.eq(now)))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn set_fulfillment_status(
        &self,
        conn: &mut PgConnection,
        status: FulfillmentStatus,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        let version = orders::version.eq(orders::version + 1);
        diesel::update(orders::table.find(self.id))
            .set((orders::fulfillment_status.eq(status), version, orders::updated_at.eq(now)))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    /// Assigns the guest orders with this e-mail address to a customer. Returns their ids.
    pub(in crate::orders) fn link_guest_orders(
        conn: &mut PgConnection,
        customer: CustomerId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> QueryResult<Vec<OrderId>> {
        let guests = orders::table.filter(orders::customer_id.is_null()).filter(orders::email.eq(email));
        let version = orders::version.eq(orders::version + 1);
        diesel::update(guests)
            .set((orders::customer_id.eq(customer), version, orders::updated_at.eq(now)))
            .returning(orders::id)
            .get_results(conn)
    }

    /// Erases the personal data in a customer's orders, except the countries of the addresses. Returns the order ids.
    pub(in crate::orders) fn erase_customer_data(
        conn: &mut PgConnection,
        customer: CustomerId,
        now: DateTime<Utc>,
    ) -> QueryResult<Vec<OrderId>> {
        let country_of = |column: &str| {
            let country = format!("jsonb_strip_nulls(jsonb_build_object('country', {column} -> 'country'))");
            diesel::dsl::sql::<Jsonb>(&country)
        };
        diesel::update(orders::table.filter(orders::customer_id.eq(customer)))
            .set((
                orders::email.eq(None::<Email>),
                orders::phone.eq(None::<Phone>),
                orders::shipping_address.eq(country_of("shipping_address")),
                orders::billing_address.eq(country_of("billing_address")),
                orders::note.eq(""),
                orders::access_token_hash.eq(None::<Vec<u8>>),
                orders::version.eq(orders::version + 1),
                orders::updated_at.eq(now),
            ))
            .returning(orders::id)
            .get_results(conn)
    }
}

/// Row of `order_lines`: a copy of product and variant at the time of sale.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = order_lines)]
pub struct OrderLine {
    pub id: OrderLineId,
    pub order_id: OrderId,
    pub position: i32,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub product_name: String,
    pub variant_name: String,
    pub sku: String,
    pub options: Value,
    pub quantity: i32,
    pub unit_price: Decimal,
    pub discount: Decimal,
    pub tax_rate: Decimal,
    pub total_net: Decimal,
    pub total_tax: Decimal,
    pub total_gross: Decimal,
}

impl OrderLine {
    pub fn list_of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Ok(Self::list_of_orders(conn, &[order])?.remove(&order).unwrap_or_default())
    }

    pub(super) fn list_of_orders(
        conn: &mut PgConnection,
        orders: &[OrderId],
    ) -> QueryResult<HashMap<OrderId, Vec<Self>>> {
        let lines = Self::query()
            .filter(order_lines::order_id.eq_any(orders))
            .order((order_lines::order_id, order_lines::position))
            .load::<Self>(conn)?;
        let mut by_order: HashMap<OrderId, Vec<Self>> = HashMap::new();
        for line in lines {
            by_order.entry(line.order_id).or_default().push(line);
        }
        Ok(by_order)
    }
}

/// Status change of an order; `from` is `None` for the first status.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatusChange {
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
}

/// Row of `order_history`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = order_history)]
pub struct OrderHistoryEntry {
    pub id: Uuid,
    pub from_status: Option<OrderStatus>,
    pub to_status: OrderStatus,
    pub actor: Value,
    pub note: String,
    pub created_at: DateTime<Utc>,
}

impl OrderHistoryEntry {
    /// Returns the history of an order, oldest entry first.
    pub fn list_of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(order_history::order_id.eq(order))
            .order((order_history::created_at, order_history::id))
            .load(conn)
    }

    /// Erases the notes in the history of these orders, except those that the system wrote.
    pub(in crate::orders) fn erase_notes(conn: &mut PgConnection, orders: &[OrderId]) -> QueryResult<usize> {
        let by_system = order_history::actor.contains(json!({"type": "system"}));
        let entries = order_history::table.filter(order_history::order_id.eq_any(orders));
        diesel::update(entries.filter(diesel::dsl::not(by_system))).set(order_history::note.eq("")).execute(conn)
    }

    pub(super) fn append(
        conn: &mut PgConnection,
        order: OrderId,
        change: StatusChange,
        note: &str,
        context: &WriteContext,
    ) -> QueryResult<()> {
        diesel::insert_into(order_history::table)
            .values((
                order_history::id.eq(new_uuid()),
                order_history::order_id.eq(order),
                order_history::from_status.eq(change.from),
                order_history::to_status.eq(change.to),
                order_history::actor.eq(context.actor.to_json()),
                order_history::note.eq(note),
                order_history::created_at.eq(context.at),
            ))
            .execute(conn)
            .map(|_| ())
    }
}

fixed_statement! {
    struct InsertLinesAndHistory {
        order_id: OrderId => SqlUuid,
        actor: Value => Jsonb,
        at: DateTime<Utc> => Timestamptz,
        history_ids: Vec<Uuid> => Array<SqlUuid>,
        history_from: Vec<Option<OrderStatus>> => Array<Nullable<Text>>,
        history_to: Vec<OrderStatus> => Array<Text>,
        ids: Vec<OrderLineId> => Array<SqlUuid>,
        positions: Vec<i32> => Array<Integer>,
        products: Vec<ProductId> => Array<SqlUuid>,
        variants: Vec<VariantId> => Array<SqlUuid>,
        product_names: Vec<String> => Array<Text>,
        variant_names: Vec<String> => Array<Text>,
        skus: Vec<String> => Array<Text>,
        options: Vec<Value> => Array<Jsonb>,
        quantities: Vec<i32> => Array<Integer>,
        unit_prices: Vec<Decimal> => Array<Numeric>,
        discounts: Vec<Decimal> => Array<Numeric>,
        tax_rates: Vec<Decimal> => Array<Numeric>,
        nets: Vec<Decimal> => Array<Numeric>,
        taxes: Vec<Decimal> => Array<Numeric>,
        gross: Vec<Decimal> => Array<Numeric>,
    } -> ();
    ", history as ( \
         insert into order_history (id, order_id, from_status, to_status, actor, created_at) \
         select entry.id, input.order_id, entry.from_status, entry.to_status, input.actor, input.at \
         from input, unnest(history_ids, history_from, history_to) as entry (id, from_status, to_status)) \
     insert into order_lines (order_id, id, position, product_id, variant_id, product_name, variant_name, sku, options, \
                              quantity, unit_price, discount, tax_rate, total_net, total_tax, total_gross) \
     select input.order_id, line.* \
     from input, unnest(ids, positions, products, variants, product_names, variant_names, skus, options, quantities, \
                        unit_prices, discounts, tax_rates, nets, taxes, gross) as line"
}

/// Inserts the lines and the first status changes of a new order, in one statement to save round trips.
pub(super) fn insert_lines_and_history(
    conn: &mut PgConnection,
    order: OrderId,
    lines: &[OrderLine],
    changes: &[StatusChange],
    context: &WriteContext,
) -> QueryResult<()> {
    let amounts = |amount: fn(&OrderLine) -> Decimal| lines.iter().map(amount).collect();
    let texts = |text: fn(&OrderLine) -> &String| lines.iter().map(|line| text(line).clone()).collect();
    let statement = InsertLinesAndHistory {
        order_id: order,
        actor: context.actor.to_json(),
        at: context.at,
        // UUIDv7 ids increase, so sorting by id keeps the order of the changes.
        history_ids: changes.iter().map(|_| new_uuid()).collect(),
        history_from: changes.iter().map(|change| change.from).collect(),
        history_to: changes.iter().map(|change| change.to).collect(),
        ids: lines.iter().map(|line| line.id).collect(),
        positions: lines.iter().map(|line| line.position).collect(),
        products: lines.iter().map(|line| line.product_id).collect(),
        variants: lines.iter().map(|line| line.variant_id).collect(),
        product_names: texts(|line| &line.product_name),
        variant_names: texts(|line| &line.variant_name),
        skus: texts(|line| &line.sku),
        options: lines.iter().map(|line| line.options.clone()).collect(),
        quantities: lines.iter().map(|line| line.quantity).collect(),
        unit_prices: amounts(|line| line.unit_price),
        discounts: amounts(|line| line.discount),
        tax_rates: amounts(|line| line.tax_rate),
        nets: amounts(|line| line.total_net),
        taxes: amounts(|line| line.total_tax),
        gross: amounts(|line| line.total_gross),
    };
    statement.execute(conn).map(|_| ())
}
