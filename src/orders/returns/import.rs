//! Historical credit notes: returns of their own, refunded long ago.
//!
//! A credit note of the past does not say which order it takes back, so its return belongs to none.
//! Its amounts stand as positive numbers, as in every return.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::orders::lifecycle::import::PastLine;
use crate::platform::types::{Currency, CustomerId, Money, OrderId, OrderLineId, ProductId, VariantId, new_uuid};
use crate::schema::{return_lines, returns};

/// A credit note of the past.
#[derive(Debug, Clone)]
pub struct PastReturn<'a> {
    pub number: String,
    pub customer_id: Option<CustomerId>,
    pub returned_at: DateTime<Utc>,
    pub total: Money,
    pub lines: Vec<PastLine<'a>>,
}

#[derive(Insertable)]
#[diesel(table_name = returns)]
struct ReturnRow<'a> {
    id: Uuid,
    number: &'a str,
    order_id: Option<OrderId>,
    customer_id: Option<CustomerId>,
    status: &'static str,
    origin: &'static str,
    currency: Currency,
    total_gross: Decimal,
    returned_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl<'a> ReturnRow<'a> {
    fn new(credit: &'a PastReturn<'_>, at: DateTime<Utc>) -> Self {
        Self {
            id: new_uuid(),
            number: &credit.number,
            order_id: None,
            customer_id: credit.customer_id,
            status: "refunded",
            origin: "import",
            currency: credit.total.currency(),
            total_gross: credit.total.amount(),
            returned_at: credit.returned_at,
            created_at: at,
            updated_at: at,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = return_lines, treat_none_as_default_value = false)]
struct ReturnLineRow<'a> {
    id: Uuid,
    return_id: Uuid,
    position: i32,
    order_line_id: Option<OrderLineId>,
    product_id: ProductId,
    variant_id: VariantId,
    product_name: &'a str,
    sku: &'a str,
    quantity: i32,
    unit_price: Decimal,
    total_gross: Decimal,
}

impl<'a> ReturnLineRow<'a> {
    fn of(credit: &'a PastReturn<'_>, return_id: Uuid) -> impl Iterator<Item = Self> {
        (0..).zip(&credit.lines).map(move |(position, line)| Self {
            id: new_uuid(),
            return_id,
            position,
            order_line_id: None,
            product_id: line.product_id,
            variant_id: line.variant_id,
            product_name: line.name,
            sku: line.sku,
            quantity: line.quantity.get(),
            unit_price: line.unit_price,
            total_gross: line.total.amount(),
        })
    }
}

/// Those of these numbers that are returns already, with how many lines they have.
pub fn count_lines(conn: &mut PgConnection, numbers: &[String]) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = returns::table
        .inner_join(return_lines::table)
        .filter(returns::number.eq_any(numbers))
        .group_by(returns::number)
        .select((returns::number, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Writes returns with their lines and tells how many; those whose number exists are left out.
pub fn insert_past(conn: &mut PgConnection, past: &[PastReturn<'_>], at: DateTime<Utc>) -> QueryResult<usize> {
    let rows: Vec<ReturnRow<'_>> = past.iter().map(|credit| ReturnRow::new(credit, at)).collect();
    let mut written_ids: HashMap<String, Uuid> = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let written: Vec<(String, Uuid)> = diesel::insert_into(returns::table)
            .values(chunk)
            .on_conflict(returns::number)
            .do_nothing()
            .returning((returns::number, returns::id))
            .get_results(conn)?;
        written_ids.extend(written);
    }

    let lines: Vec<ReturnLineRow<'_>> = past
        .iter()
        .filter_map(|credit| Some((credit, *written_ids.get(&credit.number)?)))
        .flat_map(|(credit, id)| ReturnLineRow::of(credit, id))
        .collect();
    diesel::copy_from(return_lines::table).from_insertable(&lines).execute(conn)?;
    Ok(written_ids.len())
}

/// Returns of one insert: PostgreSQL takes 65,535 values in a statement.
const CHUNK: usize = 1000;
