//! Tests of the orders domain.

mod access;
mod channels;
mod checkout;
mod expiry;
mod fulfillment;
mod guest_orders;
mod lifecycle;
mod notifications;
mod payments;
mod privacy;
mod races;
mod returns;

use serde_json::{Value, json};

use crate::support::builders::{TestProduct, order_body};
use crate::support::{Client, TestResponse};

/// Places an order and returns it.
async fn place_order(buyer: &Client, lines: &[(&TestProduct, i32)]) -> Value {
    buyer.post("/api/orders/", order_body(lines)).await.expect(201)
}

/// Returns the URL `/api/orders/{id}/` with a suffix.
fn url(order: &Value, suffix: &str) -> String {
    format!("/api/orders/{}/{suffix}", order["id"].as_str().unwrap())
}

/// Posts an action, such as `confirm`, with an empty body.
async fn post_action(actor: &Client, order: &Value, action: &str) -> TestResponse {
    actor.post(&url(order, &format!("{action}/")), json!({})).await
}

/// Posts several actions that must all succeed, and returns the changed order.
async fn advance_order(staff: &Client, order: &Value, actions: &[&str]) -> Value {
    let mut changed = order.clone();
    for action in actions {
        changed = post_action(staff, order, action).await.expect(200);
    }
    changed
}
