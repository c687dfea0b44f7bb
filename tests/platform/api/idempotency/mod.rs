//! `Idempotency-Key`: what is sent twice is done once, and answered alike.

mod crash;
mod expiry;
mod races;
mod refusals;
mod replays;
mod scopes;

use serde_json::{Value, json};

use crate::support::builders::{Made, order_of};
use crate::support::{Client, TestResponse, TestShop};

/// The same person, repeating under this key.
fn keyed(client: &Client, key: &str) -> Client {
    client.with_header("idempotency-key", key)
}

/// The body by which a guest orders.
fn guest_order(email: &str, lines: &[(&Made, i32)]) -> Value {
    let mut body = order_of(lines);
    body["email"] = json!(email);
    body
}

fn is_replayed(answer: &TestResponse) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// The second answer is the first one, and says so.
#[track_caller]
fn assert_replayed(first: &TestResponse, second: &TestResponse) {
    assert!(!is_replayed(first) && is_replayed(second), "{first:?} {second:?}");
    assert_same(first, second);
}

#[track_caller]
fn assert_same(first: &TestResponse, second: &TestResponse) {
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    for name in ["content-type", "location", "etag", "x-order-token"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
}

fn orders(shop: &TestShop) -> i64 {
    shop.number("select count(*) from orders")
}

fn stored(shop: &TestShop) -> i64 {
    shop.number("select count(*) from idempotency_keys")
}

fn in_use() -> Value {
    json!({"detail": "A request with this Idempotency-Key is under way.", "code": "idempotency_key_in_use"})
}

fn reused() -> Value {
    json!({"detail": "This Idempotency-Key was used with another request.", "code": "idempotency_key_reused"})
}
