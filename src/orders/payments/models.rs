//! Rows of `payments` and `payment_transactions`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::orders::ids::OrderId;
use crate::platform::types::{Currency, text_enum};
use crate::schema::{payment_transactions, payments};

text_enum! {
    /// Kind of a payment transaction.
    pub enum TransactionKind {
        /// The amount is reserved on the payer's account.
        Authorize = "authorize",
        /// A reserved amount is collected.
        Capture = "capture",
        /// The amount is reserved and collected in one step.
        Charge = "charge",
        /// A collected amount is returned to the payer.
        Refund = "refund",
        /// A reservation is released.
        Void = "void",
    }
}

/// Row of `payments`: a payment through one gateway.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = payments)]
pub(super) struct Payment {
    pub id: Uuid,
    pub gateway: String,
    pub currency: Currency,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = payment_transactions)]
pub(super) struct PaymentTransaction {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub kind: TransactionKind,
    pub amount: Decimal,
    pub reference: String,
    pub created_at: DateTime<Utc>,
}

impl Payment {
    /// Returns the payments of an order, oldest first.
    pub fn list_of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Self::query().filter(payments::order_id.eq(order)).order((payments::created_at, payments::id)).load(conn)
    }
}

impl PaymentTransaction {
    /// Returns the transactions of the payments, oldest first.
    pub fn list_of_payments(conn: &mut PgConnection, payments: &[Uuid]) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(payment_transactions::payment_id.eq_any(payments))
            .order((payment_transactions::created_at, payment_transactions::id))
            .load(conn)
    }
}
