//! Import of historical credit notes as refunded returns.
//!
//! A historical credit note does not refer to an order, so its return has no order. The amounts are positive, as in all
//! returns.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::lifecycle::import::HistoricalLine;
use crate::platform::types::{Currency, CustomerId, Money, new_uuid};
use crate::products::ids::{ProductId, VariantId};
use crate::schema::{return_lines, returns};

/// Historical credit note to import.
#[derive(Debug, Clone)]
pub struct HistoricalReturn<'a> {
    pub number: String,
    pub customer_id: Option<CustomerId>,
    pub returned_at: DateTime<Utc>,
    pub total: Money,
    pub lines: Vec<HistoricalLine<'a>>,
}

#[derive(Insertable)]
#[diesel(table_name = returns)]
struct HistoricalReturnRow<'a> {
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

impl<'a> HistoricalReturnRow<'a> {
    fn new(credit: &'a HistoricalReturn<'_>, at: DateTime<Utc>) -> Self {
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
struct HistoricalReturnLineRow<'a> {
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

impl<'a> HistoricalReturnLineRow<'a> {
    fn from_return(credit: &'a HistoricalReturn<'_>, return_id: Uuid) -> impl Iterator<Item = Self> {
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

/// Returns the number of lines of each existing return among these return numbers.
pub fn count_lines(conn: &mut PgConnection, numbers: &[String]) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = returns::table
        .inner_join(return_lines::table)
        .filter(returns::number.eq_any(numbers))
        .group_by(returns::number)
        .select((returns::number, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Inserts returns with their lines and returns their number. Skips returns whose number already exists.
pub fn insert_historical(
    conn: &mut PgConnection,
    credit_notes: &[HistoricalReturn<'_>],
    at: DateTime<Utc>,
) -> QueryResult<usize> {
    let rows: Vec<HistoricalReturnRow<'_>> =
        credit_notes.iter().map(|credit| HistoricalReturnRow::new(credit, at)).collect();
    let mut ids: HashMap<String, Uuid> = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let inserted: Vec<(String, Uuid)> = diesel::insert_into(returns::table)
            .values(chunk)
            .on_conflict(returns::number)
            .do_nothing()
            .returning((returns::number, returns::id))
            .get_results(conn)?;
        ids.extend(inserted);
    }

    let mut lines: Vec<HistoricalReturnLineRow<'_>> = Vec::new();
    for credit in credit_notes {
        if let Some(&id) = ids.get(&credit.number) {
            lines.extend(HistoricalReturnLineRow::from_return(credit, id));
        }
    }
    diesel::copy_from(return_lines::table).from_insertable(&lines).execute(conn)?;
    Ok(ids.len())
}

/// Number of returns per insert. PostgreSQL accepts at most 65,535 parameters in a statement.
const CHUNK: usize = 1000;
