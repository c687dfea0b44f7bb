//! HTTP handler that lists the payments of an order.

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Payment, PaymentTransaction, TransactionKind};
use crate::orders::access::OrderAccess;
use crate::orders::ids::OrderId;
use crate::orders::lifecycle::{self, OrderError};
use crate::platform::api::{ApiResponse, ReadRequest, Resource, endpoint};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::types::{Currency, DecimalString, Money};

/// Payment with its transactions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d25", "gateway": "manual", "currency": "EUR", "transactions": [],
    "created_at": "2026-11-21T08:00:00Z",
}))]
pub struct PaymentView {
    pub id: Uuid,
    pub gateway: String,
    pub currency: Currency,
    pub transactions: Vec<PaymentTransactionView>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentTransaction, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d26", "kind": "capture", "amount": "29.00", "reference": "pay_5T2R8K",
    "created_at": "2026-11-21T08:00:00Z",
}))]
pub struct PaymentTransactionView {
    pub id: Uuid,
    pub kind: TransactionKind,
    pub amount: DecimalString,
    /// Reference that the payment gateway assigned.
    pub reference: String,
    pub created_at: DateTime<Utc>,
}

impl Resource for PaymentView {}

impl PaymentView {
    fn new(payment: Payment, transactions: &[PaymentTransaction]) -> Self {
        let own = transactions.iter().filter(|transaction| transaction.payment_id == payment.id);
        let view = |transaction: &PaymentTransaction| PaymentTransactionView {
            id: transaction.id,
            kind: transaction.kind,
            amount: Money::new(transaction.amount, payment.currency).to_decimal_string(),
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

/// List the payments of an order
///
/// Returns the payments with their transactions, oldest first. Customers can list the payments of their own orders,
/// staff members with `orders.view` those of their channels, and guests those of the order whose token they send.
/// Returns 404 `not_found` in all other cases.
#[endpoint(tag = "orders", returns(200 = Vec<PaymentView>))]
#[get("/{id}/payments/")]
pub async fn list_payments(
    app: Data<App>,
    access: OrderAccess,
    request: ReadRequest,
    id: Path<OrderId>,
) -> Result<ApiResponse, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let order = lifecycle::find(conn, *id, &access)?;
        let payments = Payment::list_of_order(conn, order.id)?;
        let ids: Vec<Uuid> = payments.iter().map(|payment| payment.id).collect();
        let transactions = PaymentTransaction::list_of_payments(conn, &ids)?;
        Ok(payments.into_iter().map(|payment| PaymentView::new(payment, &transactions)).collect())
    };
    request.all(&app, list).await
}
