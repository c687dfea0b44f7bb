//! Rows of `orders`, `order_lines` and `order_history`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::platform::audit::Origin;
use crate::platform::types::{
    ChannelId, Currency, CustomerId, Email, Money, OrderId, OrderLineId, Phone, ProductId, VariantId, new_uuid,
    text_enum,
};
use crate::schema::{fulfillments, order_history, order_lines, orders};

text_enum! {
    /// Where an order comes from.
    pub enum OrderOrigin {
        /// Somebody bought in the shop.
        Shop = "shop",
        /// Staff placed it for a customer.
        Staff = "staff",
        /// It was placed elsewhere, before.
        Import = "import",
    }
}

/// An order: a snapshot of what was bought, for whom, at which prices.
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

/// An order to insert; its number comes from the database.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = orders)]
// The same text for every order: it is prepared once.
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
    pub fn find(conn: &mut PgConnection, id: OrderId) -> QueryResult<Option<Self>> {
        Self::query().filter(orders::id.eq(id)).first(conn).optional()
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[OrderId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(orders::id.eq_any(ids)).load(conn)
    }

    /// Locked, so that moves of one order come one after the other.
    pub(super) fn lock(conn: &mut PgConnection, id: OrderId) -> QueryResult<Option<Self>> {
        Self::query().filter(orders::id.eq(id)).for_update().first(conn).optional()
    }

    /// An amount of this order, with its currency.
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

    /// All of a customer's, the oldest first.
    pub(super) fn of_customer(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Vec<Self>> {
        Self::query().filter(orders::customer_id.eq(customer)).order((orders::placed_at, orders::id)).load(conn)
    }

    /// The number of one of a customer's orders that somebody still has to do something for.
    pub(super) fn open_number_of(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<String>> {
        let open = [OrderStatus::Draft, OrderStatus::Pending, OrderStatus::Confirmed, OrderStatus::Processing];
        orders::table
            .filter(orders::customer_id.eq(customer))
            .filter(orders::status.eq_any(open))
            .order((orders::placed_at, orders::id))
            .select(orders::number)
            .first(conn)
            .optional()
    }

    /// Makes the orders that were placed with this address by nobody in particular a customer's, and tells which.
    pub(super) fn adopt(
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

    /// The addresses that a customer ordered with, each once.
    pub(super) fn emails_of(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Vec<Email>> {
        let theirs = orders::table.filter(orders::customer_id.eq(customer)).select(orders::email).distinct();
        Ok(theirs.load::<Option<Email>>(conn)?.into_iter().flatten().collect())
    }

    /// Takes the person off a customer's orders, and tells off which. Of an address its country stays.
    pub(super) fn strip_of_customer(
        conn: &mut PgConnection,
        customer: CustomerId,
        now: DateTime<Utc>,
    ) -> QueryResult<Vec<OrderId>> {
        let country_of = |column: &str| {
            let country = format!("jsonb_strip_nulls(jsonb_build_object('country', {column} -> 'country'))");
            diesel::dsl::sql::<diesel::sql_types::Jsonb>(&country)
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

    /// Of the last parcel that has one.
    pub(super) fn tracking_number(&self, conn: &mut PgConnection) -> QueryResult<Option<String>> {
        fulfillments::table
            .filter(fulfillments::order_id.eq(self.id))
            .filter(fulfillments::tracking_number.ne(""))
            .order(fulfillments::position.desc())
            .select(fulfillments::tracking_number)
            .first(conn)
            .optional()
    }

    /// Unpaid pending orders of a channel that were placed before `before`, the oldest first.
    pub(super) fn unpaid_since(
        conn: &mut PgConnection,
        channel: ChannelId,
        before: DateTime<Utc>,
        limit: i64,
    ) -> QueryResult<Vec<OrderId>> {
        orders::table
            .filter(orders::channel_id.eq(channel))
            .filter(orders::status.eq(OrderStatus::Pending))
            .filter(orders::payment_status.eq(PaymentStatus::Unpaid))
            .filter(orders::placed_at.lt(before))
            .order((orders::placed_at, orders::id))
            .limit(limit)
            .select(orders::id)
            .load(conn)
    }
}

/// A line: product and variant as they were when the order was placed.
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
    pub fn of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Ok(Self::of_orders(conn, &[order])?.remove(&order).unwrap_or_default())
    }

    pub(super) fn of_orders(conn: &mut PgConnection, orders: &[OrderId]) -> QueryResult<HashMap<OrderId, Vec<Self>>> {
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

/// A move of an order.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = order_history)]
pub(super) struct HistoryEntry {
    pub id: Uuid,
    pub from_status: Option<OrderStatus>,
    pub to_status: OrderStatus,
    pub actor: Value,
    pub note: String,
    pub created_at: DateTime<Utc>,
}

impl HistoryEntry {
    pub fn of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(order_history::order_id.eq(order))
            .order((order_history::created_at, order_history::id))
            .load(conn)
    }

    /// Takes what people wrote off the history of these orders; what the program wrote stays.
    pub fn strip(conn: &mut PgConnection, orders: &[OrderId]) -> QueryResult<usize> {
        let by_program = order_history::actor.contains(json!({"type": "system"}));
        let theirs = order_history::table.filter(order_history::order_id.eq_any(orders));
        diesel::update(theirs.filter(diesel::dsl::not(by_program))).set(order_history::note.eq("")).execute(conn)
    }

    pub fn append(
        conn: &mut PgConnection,
        order: OrderId,
        statuses: (Option<OrderStatus>, OrderStatus),
        note: &str,
        origin: &Origin,
    ) -> QueryResult<()> {
        let (from, to) = statuses;
        diesel::insert_into(order_history::table)
            .values((
                order_history::id.eq(new_uuid()),
                order_history::order_id.eq(order),
                order_history::from_status.eq(from),
                order_history::to_status.eq(to),
                order_history::actor.eq(origin.actor.to_json()),
                order_history::note.eq(note),
                order_history::created_at.eq(origin.at),
            ))
            .execute(conn)
            .map(|_| ())
    }
}
