//! Import of the payments of historical orders, one charge of the total per order.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::ids::OrderId;
use crate::orders::lifecycle::import::InsertedOrder;
use crate::platform::types::{Currency, new_uuid};
use crate::schema::{payment_transactions, payments};

/// Gateway name of imported payments, which no payment provider of this shop can refund or look up.
pub const GATEWAY: &str = "import";

#[derive(Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
struct PaymentRow {
    id: Uuid,
    order_id: OrderId,
    gateway: &'static str,
    currency: Currency,
    created_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = payment_transactions, treat_none_as_default_value = false)]
struct TransactionRow {
    id: Uuid,
    payment_id: Uuid,
    kind: &'static str,
    amount: Decimal,
    reference: &'static str,
    answer: Value,
    created_at: DateTime<Utc>,
}

/// Inserts one charge of the total per order, dated on the day of the order.
///
/// The caller has inserted the orders in the same transaction, so they have no payments yet.
pub fn insert_paid(conn: &mut PgConnection, orders: &[InsertedOrder]) -> QueryResult<()> {
    let mut payments = Vec::with_capacity(orders.len());
    let mut transactions = Vec::with_capacity(orders.len());
    for order in orders {
        let payment_id = new_uuid();
        payments.push(PaymentRow {
            id: payment_id,
            order_id: order.id,
            gateway: GATEWAY,
            currency: order.total.currency(),
            created_at: order.placed_at,
        });
        transactions.push(TransactionRow {
            id: new_uuid(),
            payment_id,
            kind: "charge",
            amount: order.total.amount(),
            reference: "",
            answer: json!({}),
            created_at: order.placed_at,
        });
    }
    diesel::copy_from(payments::table).from_insertable(&payments).execute(conn)?;
    diesel::copy_from(payment_transactions::table).from_insertable(&transactions).execute(conn)?;
    Ok(())
}
