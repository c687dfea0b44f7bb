//! Payments of historical orders: one charge of the whole total, taken by whoever took it then.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::lifecycle::import::WrittenOrder;
use crate::platform::types::{Currency, OrderId, new_uuid};
use crate::schema::{payment_transactions, payments};

/// The gateway of payments that were made elsewhere: there is nobody to ask about them.
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

/// Says that these orders were paid in full on the day they were placed.
///
/// The orders have just been made in this transaction, so that none of them has a payment yet.
pub fn insert_paid(conn: &mut PgConnection, orders: &[WrittenOrder]) -> QueryResult<()> {
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
