//! Rows of `payments` and `payment_transactions`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::platform::types::{Currency, OrderId, text_enum};
use crate::schema::{payment_transactions, payments};

text_enum! {
    /// What happened to the money.
    pub enum TransactionKind {
        /// Reserved with the payer's bank.
        Authorize = "authorize",
        /// Taken of what was reserved.
        Capture = "capture",
        /// Reserved and taken at once.
        Charge = "charge",
        /// Given back.
        Refund = "refund",
        /// No longer reserved.
        Void = "void",
    }
}

/// A payment through one gateway.
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
pub(super) struct Transaction {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub kind: TransactionKind,
    pub amount: Decimal,
    pub reference: String,
    pub created_at: DateTime<Utc>,
}

impl Payment {
    pub fn of_order(conn: &mut PgConnection, order: OrderId) -> QueryResult<Vec<Self>> {
        Self::query().filter(payments::order_id.eq(order)).order((payments::created_at, payments::id)).load(conn)
    }
}

impl Transaction {
    pub fn of_payments(conn: &mut PgConnection, payments: &[Uuid]) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(payment_transactions::payment_id.eq_any(payments))
            .order((payment_transactions::created_at, payment_transactions::id))
            .load(conn)
    }
}
