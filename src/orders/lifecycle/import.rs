//! Import of historical orders, as delivered and paid, with their original numbers and dates.
//!
//! The import sends no messages, publishes no events and moves no stock: all of that happened in the previous shop.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::ids::{OrderId, OrderLineId};
use crate::platform::types::Actor;
use crate::platform::types::{ChannelId, Currency, CustomerId, Money, MoneyError, Quantity, new_uuid};
use crate::products::ids::{ProductId, VariantId};
use crate::schema::{order_history, order_lines, orders};

/// Key of the advisory lock that serializes imports of orders.
const IMPORT_LOCK: i64 = 0x4f52_4445_5253;

/// Historical order to import.
#[derive(Debug, Clone)]
pub struct HistoricalOrder<'a> {
    pub number: String,
    pub channel_id: ChannelId,
    pub customer_id: Option<CustomerId>,
    pub address: Value,
    pub placed_at: DateTime<Utc>,
    pub total: Money,
    pub lines: Vec<HistoricalLine<'a>>,
}

/// Line of a historical order or return.
#[derive(Debug, Clone, Copy)]
pub struct HistoricalLine<'a> {
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub name: &'a str,
    pub sku: &'a str,
    pub quantity: Quantity,
    pub unit_price: Decimal,
    pub total: Money,
}

/// Order that [`insert_historical`] inserted, with the values that its payment and fulfillment need.
#[derive(Debug, Clone)]
pub struct InsertedOrder {
    pub id: OrderId,
    pub placed_at: DateTime<Utc>,
    pub total: Money,
    pub lines: Vec<InsertedLine>,
}

/// Line of an inserted order.
#[derive(Debug, Clone, Copy)]
pub struct InsertedLine {
    pub id: OrderLineId,
    pub quantity: Quantity,
}

/// Returns the total of a historical line: unit price × quantity, rounded once.
pub fn line_total(unit_price: Money, quantity: Quantity) -> Result<Money, MoneyError> {
    Ok(unit_price.times(quantity)?.rounded())
}

/// Returns true if the number has the form of generated order numbers, such as `M-7F3K2Q`.
pub fn is_reserved_number(number: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'));
    number.strip_prefix("M-").is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(is_digit))
}

/// Makes all other imports of orders wait until this transaction ends.
pub fn lock_imports(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<BigInt, _>(IMPORT_LOCK).execute(conn)?;
    Ok(())
}

/// Returns the number of lines of each existing order among these order numbers.
pub fn count_lines(conn: &mut PgConnection, numbers: &[String]) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = orders::table
        .inner_join(order_lines::table)
        .filter(orders::number.eq_any(numbers))
        .group_by(orders::number)
        .select((orders::number, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Inserts orders with their lines and one history entry each. Skips orders whose number already exists.
pub fn insert_historical(
    conn: &mut PgConnection,
    orders: &[HistoricalOrder<'_>],
    at: DateTime<Utc>,
) -> QueryResult<Vec<InsertedOrder>> {
    let ids = insert_orders(conn, orders, at)?;
    let mut lines = Vec::new();
    let mut inserted = Vec::new();
    for order in orders {
        if let Some(&id) = ids.get(&order.number) {
            let mut inserted_lines = Vec::with_capacity(order.lines.len());
            for (position, line) in (0..).zip(&order.lines) {
                let row = HistoricalLineRow::new(line, id, position);
                inserted_lines.push(InsertedLine { id: row.id, quantity: line.quantity });
                lines.push(row);
            }
            inserted.push(InsertedOrder { id, placed_at: order.placed_at, total: order.total, lines: inserted_lines });
        }
    }
    // COPY is much faster than INSERT for the many lines, and the new lines cannot conflict.
    diesel::copy_from(order_lines::table).from_insertable(&lines).execute(conn)?;
    insert_history(conn, &inserted, at)?;
    Ok(inserted)
}

/// Number of orders per insert. PostgreSQL accepts at most 65,535 parameters in a statement.
const CHUNK: usize = 1000;

/// Inserts the orders and returns the ids of the new ones by their numbers.
fn insert_orders(
    conn: &mut PgConnection,
    orders: &[HistoricalOrder<'_>],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<String, OrderId>> {
    let rows: Vec<HistoricalOrderRow<'_>> = orders.iter().map(|order| HistoricalOrderRow::new(order, at)).collect();
    let mut ids = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let inserted: Vec<(String, OrderId)> = diesel::insert_into(orders::table)
            .values(chunk)
            .on_conflict(orders::number)
            .do_nothing()
            .returning((orders::number, orders::id))
            .get_results(conn)?;
        ids.extend(inserted);
    }
    Ok(ids)
}

fn insert_history(conn: &mut PgConnection, orders: &[InsertedOrder], at: DateTime<Utc>) -> QueryResult<()> {
    let rows: Vec<_> = orders
        .iter()
        .map(|order| HistoricalEntryRow {
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
struct HistoricalOrderRow<'a> {
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

impl<'a> HistoricalOrderRow<'a> {
    /// Converts the order. Historical prices are the amounts paid, so no tax is calculated from them.
    fn new(order: &'a HistoricalOrder<'_>, at: DateTime<Utc>) -> Self {
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
struct HistoricalLineRow<'a> {
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

impl<'a> HistoricalLineRow<'a> {
    fn new(line: &'a HistoricalLine<'_>, order_id: OrderId, position: i32) -> Self {
        Self {
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
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = order_history, treat_none_as_default_value = false)]
struct HistoricalEntryRow {
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
    fn numbers_in_the_generated_format_are_reserved() {
        for number in ["M-7F3K2Q", "M-000000", "M-ZZZZZZZ"] {
            assert!(is_reserved_number(number), "{number}");
        }
        for number in ["536365", "M-7F3K2", "M-7F3KIQ", "M-7f3k2q", "m-7F3K2Q", "C536365", "M-7F3K2 "] {
            assert!(!is_reserved_number(number), "{number}");
        }
    }

    #[test]
    fn line_total_is_rounded_once() {
        let unit_price = Money::new("0.0125".parse().unwrap(), Currency::GBP);
        let total = line_total(unit_price, Quantity::new(3).unwrap()).unwrap();
        assert_eq!(total.amount(), "0.04".parse().unwrap());
    }
}
