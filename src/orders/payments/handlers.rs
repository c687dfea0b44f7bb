//! Payments over HTTP.

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Payment, Transaction, TransactionKind};
use crate::orders::lifecycle::{self, OrderAccess, OrderError, OrderToken};
use crate::platform::api::{Answer, ReadRequest, Resource};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::types::{Currency, DecimalString, Money, OrderId};

/// A payment with all that happened to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    pub id: Uuid,
    pub gateway: String,
    pub currency: Currency,
    pub transactions: Vec<TransactionView>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentTransaction)]
pub struct TransactionView {
    pub id: Uuid,
    pub kind: TransactionKind,
    pub amount: DecimalString,
    /// The gateway's own.
    pub reference: String,
    pub created_at: DateTime<Utc>,
}

impl Resource for PaymentView {}

impl PaymentView {
    fn new(payment: Payment, transactions: &[Transaction]) -> Self {
        let own = transactions.iter().filter(|transaction| transaction.payment_id == payment.id);
        let view = |transaction: &Transaction| TransactionView {
            id: transaction.id,
            kind: transaction.kind,
            amount: Money::new(transaction.amount, payment.currency).shown(),
            reference: transaction.reference.clone(),
            created_at: transaction.created_at,
        };
        Self {
            transactions: own.map(view).collect(),
            id: payment.id,
            gateway: payment.gateway,
            currency: payment.currency,
            created_at: payment.created_at,
        }
    }
}

/// List the payments of an order.
#[utoipa::path(tag = "orders", params(OrderId, OrderToken, ReadRequest), security((), ("jwtAuth" = [])),
    responses((status = 200, body = Vec<PaymentView>)))]
#[get("/{id}/payments/")]
pub async fn list_payments(
    app: Data<App>,
    access: OrderAccess,
    request: ReadRequest,
    id: Path<OrderId>,
) -> Result<Answer, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let order = lifecycle::find(conn, *id, &access)?;
        let payments = Payment::of_order(conn, order.id)?;
        let ids: Vec<Uuid> = payments.iter().map(|payment| payment.id).collect();
        let transactions = Transaction::of_payments(conn, &ids)?;
        Ok(payments.into_iter().map(|payment| PaymentView::new(payment, &transactions)).collect())
    };
    request.all(&app, list).await
}
