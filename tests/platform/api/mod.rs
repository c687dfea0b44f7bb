//! The shared API layer, tested with real resources: lists, field selection, conditional requests, idempotency keys.

mod conditional_reads;
mod cursors;
mod expansion;
mod field_selection;
mod idempotency;
mod lists;
mod lookups;
mod paging;
mod preconditions;
mod query_counts;

use serde_json::Value;

use crate::support::builders::{TestProduct, order_body};
use crate::support::{Client, TestResponse, TestShop};

/// Places an order and returns it.
async fn place_order(buyer: &Client, lines: &[(&TestProduct, i32)]) -> Value {
    buyer.post("/api/orders/", order_body(lines)).await.expect(201)
}

/// Returns `/api/orders/{id}/` with this suffix.
fn order_url(order: &Value, suffix: &str) -> String {
    format!("/api/orders/{}/{suffix}", order["id"].as_str().unwrap())
}

/// Returns the values of one member of all rows.
fn column(list: &Value, name: &str) -> Vec<String> {
    let rows = list["results"].as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

fn etag(response: &TestResponse) -> String {
    response.header("etag").unwrap().to_owned()
}

impl TestShop {
    /// Copies a row in the database with these members changed. `condition` selects one row.
    fn copy_row(&self, table: &str, condition: &str, changes: &Value) {
        let changes = format!("jsonb_build_object('id', gen_random_uuid()) || '{changes}'::jsonb");
        self.execute(&format!(
            "insert into {table} select (jsonb_populate_record(r, {changes})).* from {table} r where {condition}"
        ));
    }
}
