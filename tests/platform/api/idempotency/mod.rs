//! `Idempotency-Key`: a repeated request is executed once and returns the stored response.

mod crash;
mod expiry;
mod races;
mod rejections;
mod replays;
mod scopes;

use serde_json::{Value, json};

use crate::support::builders::{TestProduct, order_body};
use crate::support::{Client, TestResponse, TestShop};

/// Returns the same client with this idempotency key.
fn keyed(client: &Client, key: &str) -> Client {
    client.with_header("idempotency-key", key)
}

/// Returns the request body of a guest's order.
fn guest_order(email: &str, lines: &[(&TestProduct, i32)]) -> Value {
    let mut body = order_body(lines);
    body["email"] = json!(email);
    body
}

fn is_replayed(response: &TestResponse) -> bool {
    response.header("idempotent-replayed") == Some("true")
}

/// Asserts that the second response is a replay of the first.
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
    json!({"detail": "A request with this Idempotency-Key is still in progress. Retry later.", "code": "idempotency_key_in_use"})
}

fn reused() -> Value {
    json!({"detail": "This Idempotency-Key was used with a different request. Use a new key.", "code": "idempotency_key_reused"})
}
