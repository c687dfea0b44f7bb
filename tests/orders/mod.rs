//! The orders domain.

mod channels;
mod checkout;
mod fulfilment;
mod lifecycle;
mod notifications;
mod payments;
mod races;
mod returns;

use serde_json::{Value, json};

use crate::support::builders::{Made, order_of};
use crate::support::{Client, TestResponse};

/// Places an order that is taken, and answers with it.
async fn placed(buyer: &Client, lines: &[(&Made, i32)]) -> Value {
    buyer.post("/api/orders/", order_of(lines)).await.expect(201)
}

/// `/api/orders/{id}/` and what comes behind.
fn url(order: &Value, behind: &str) -> String {
    format!("/api/orders/{}/{behind}", order["id"].as_str().unwrap())
}

/// A verb without a body of its own.
async fn verb(actor: &Client, order: &Value, verb: &str) -> TestResponse {
    actor.post(&url(order, &format!("{verb}/")), json!({})).await
}

/// Moves an order on through verbs that must all be allowed.
async fn moved(staff: &Client, order: &Value, verbs: &[&str]) -> Value {
    let mut moved = order.clone();
    for name in verbs {
        moved = verb(staff, order, name).await.expect(200);
    }
    moved
}
