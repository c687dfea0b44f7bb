//! Historical orders: written as they ended, delivered and paid, with the numbers and dates they had.
//!
//! Nobody is told, no event is published and no stock moves: all of that happened elsewhere, long ago.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::platform::types::Actor;
use crate::platform::types::{
    ChannelId, Currency, CustomerId, Money, MoneyError, OrderId, OrderLineId, ProductId, Quantity, VariantId, new_uuid,
};
use crate::schema::{order_history, order_lines, orders};

/// Held by the import that writes a batch of orders; another one waits.
const IMPORT_LOCK: i64 = 0x4f52_4445_5253;

/// An order of the past.
#[derive(Debug, Clone)]
pub struct PastOrder<'a> {
    pub number: String,
    pub channel_id: ChannelId,
    pub customer_id: Option<CustomerId>,
    pub address: Value,
    pub placed_at: DateTime<Utc>,
    pub total: Money,
    pub lines: Vec<PastLine<'a>>,
}

/// A line of it, with what was paid for it.
#[derive(Debug, Clone, Copy)]
pub struct PastLine<'a> {
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub name: &'a str,
    pub sku: &'a str,
    pub quantity: Quantity,
    pub unit_price: Decimal,
    pub total: Money,
}

/// An order that [`insert_past`] wrote: what its payment and its fulfilment follow from.
#[derive(Debug, Clone)]
pub struct WrittenOrder {
    pub id: OrderId,
    pub placed_at: DateTime<Utc>,
    pub total: Money,
    pub lines: Vec<(OrderLineId, Quantity)>,
}

/// What a line of the past cost: unit price × quantity, rounded once.
pub fn line_total(unit_price: Money, quantity: Quantity) -> Result<Money, MoneyError> {
    Ok(unit_price.times(quantity)?.rounded())
}

/// Whether numbers of this form are kept for orders of our own, `M-7F3K2Q`.
pub fn is_reserved_number(number: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'));
    number.strip_prefix("M-").is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(is_digit))
}

/// Makes any other import of orders wait until this transaction ends.
pub fn lock_imports(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<BigInt, _>(IMPORT_LOCK).execute(conn)?;
    Ok(())
}

/// Those of these numbers that are orders already, with how many lines they have.
pub fn count_lines(conn: &mut PgConnection, numbers: &[String]) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = orders::table
        .inner_join(order_lines::table)
        .filter(orders::number.eq_any(numbers))
        .group_by(orders::number)
        .select((orders::number, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Writes orders with their lines and one entry of history each; those whose number exists are left out.
pub fn insert_past(
    conn: &mut PgConnection,
    past: &[PastOrder<'_>],
    at: DateTime<Utc>,
) -> QueryResult<Vec<WrittenOrder>> {
    let ids = insert_orders(conn, past, at)?;
    let mut lines = Vec::new();
    let mut written = Vec::new();
    for order in past {
        if let Some(&id) = ids.get(&order.number) {
            let rows: Vec<LineRow<'_>> = LineRow::of(order, id).collect();
            let quantities = order.lines.iter().map(|line| line.quantity);
            written.push(WrittenOrder {
                id,
                placed_at: order.placed_at,
                total: order.total,
                lines: rows.iter().map(|row| row.id).zip(quantities).collect(),
            });
            lines.extend(rows);
        }
    }
    // COPY: the lines are the bulk of a history, and their orders have just been made.
    diesel::copy_from(order_lines::table).from_insertable(&lines).execute(conn)?;
    insert_history(conn, &written, at)?;
    Ok(written)
}

/// Orders of one insert: PostgreSQL takes 65,535 values in a statement.
const CHUNK: usize = 1000;

/// The ids of the orders that are new, by their numbers.
fn insert_orders(
    conn: &mut PgConnection,
    past: &[PastOrder<'_>],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<String, OrderId>> {
    let rows: Vec<OrderRow<'_>> = past.iter().map(|order| OrderRow::new(order, at)).collect();
    let mut ids = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let written: Vec<(String, OrderId)> = diesel::insert_into(orders::table)
            .values(chunk)
            .on_conflict(orders::number)
            .do_nothing()
            .returning((orders::number, orders::id))
            .get_results(conn)?;
        ids.extend(written);
    }
    Ok(ids)
}

fn insert_history(conn: &mut PgConnection, written: &[WrittenOrder], at: DateTime<Utc>) -> QueryResult<()> {
    let rows: Vec<_> = written
        .iter()
        .map(|order| HistoryRow {
            id: new_uuid(),
            order_id: order.id,
            to_status: "delivered",
            actor: Actor::System.to_json(),
            note: "imported",
            created_at: at,
        })
        .collect();
    diesel::copy_from(order_history::table).from_insertable(&rows).execute(conn)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = orders)]
struct OrderRow<'a> {
    id: OrderId,
    number: &'a str,
    status: &'static str,
    payment_status: &'static str,
    fulfillment_status: &'static str,
    origin: &'static str,
    channel_id: ChannelId,
    customer_id: Option<CustomerId>,
    currency: Currency,
    subtotal_net: Decimal,
    total_net: Decimal,
    total_tax: Decimal,
    total_gross: Decimal,
    shipping_address: &'a Value,
    billing_address: &'a Value,
    placed_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl<'a> OrderRow<'a> {
    /// Past prices are what was paid: no tax is reckoned out of them.
    fn new(order: &'a PastOrder<'_>, at: DateTime<Utc>) -> Self {
        let total = order.total.amount();
        Self {
            id: OrderId::generate(),
            number: &order.number,
            status: "delivered",
            payment_status: "paid",
            fulfillment_status: "fulfilled",
            origin: "import",
            channel_id: order.channel_id,
            customer_id: order.customer_id,
            currency: order.total.currency(),
            subtotal_net: total,
            total_net: total,
            total_tax: Decimal::ZERO,
            total_gross: total,
            shipping_address: &order.address,
            billing_address: &order.address,
            placed_at: order.placed_at,
            created_at: at,
            updated_at: at,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = order_lines, treat_none_as_default_value = false)]
struct LineRow<'a> {
    id: OrderLineId,
    order_id: OrderId,
    position: i32,
    product_id: ProductId,
    variant_id: VariantId,
    product_name: &'a str,
    variant_name: &'static str,
    sku: &'a str,
    options: Value,
    quantity: i32,
    unit_price: Decimal,
    discount: Decimal,
    tax_rate: Decimal,
    total_net: Decimal,
    total_tax: Decimal,
    total_gross: Decimal,
}

impl<'a> LineRow<'a> {
    fn of(order: &'a PastOrder<'_>, order_id: OrderId) -> impl Iterator<Item = Self> {
        (0..).zip(&order.lines).map(move |(position, line)| Self {
            id: OrderLineId::generate(),
            order_id,
            position,
            product_id: line.product_id,
            variant_id: line.variant_id,
            product_name: line.name,
            variant_name: "",
            sku: line.sku,
            options: json!({}),
            quantity: line.quantity.get(),
            unit_price: line.unit_price,
            discount: Decimal::ZERO,
            tax_rate: Decimal::ZERO,
            total_net: line.total.amount(),
            total_tax: Decimal::ZERO,
            total_gross: line.total.amount(),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = order_history, treat_none_as_default_value = false)]
struct HistoryRow {
    id: Uuid,
    order_id: OrderId,
    to_status: &'static str,
    actor: Value,
    note: &'static str,
    created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_our_own_form_are_reserved() {
        for number in ["M-7F3K2Q", "M-000000", "M-ZZZZZZZ"] {
            assert!(is_reserved_number(number), "{number}");
        }
        for number in ["536365", "M-7F3K2", "M-7F3KIQ", "M-7f3k2q", "m-7F3K2Q", "C536365", "M-7F3K2 "] {
            assert!(!is_reserved_number(number), "{number}");
        }
    }

    #[test]
    fn a_line_is_rounded_once() {
        let unit_price = Money::new("0.0125".parse().unwrap(), Currency::GBP);
        let total = line_total(unit_price, Quantity::new(3).unwrap()).unwrap();
        assert_eq!(total.amount(), "0.04".parse().unwrap());
    }
}
