//! What every endpoint shares, met on real things: lists, shapes, conditions, keys.

mod conditions;
mod cursors;
mod expansion;
mod idempotency;
mod lists;
mod lookups;
mod paging;
mod preconditions;
mod shapes;
mod statements;

use serde_json::Value;

use crate::support::builders::{Made, order_of};
use crate::support::{Client, TestResponse, TestShop};

/// Places an order that is taken, and answers with it.
async fn placed(buyer: &Client, lines: &[(&Made, i32)]) -> Value {
    buyer.post("/api/orders/", order_of(lines)).await.expect(201)
}

/// `/api/orders/{id}/` and what comes behind.
fn order_url(order: &Value, behind: &str) -> String {
    format!("/api/orders/{}/{behind}", order["id"].as_str().unwrap())
}

/// What the rows of a list call themselves.
fn column(list: &Value, name: &str) -> Vec<String> {
    let rows = list["results"].as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

fn etag(answer: &TestResponse) -> String {
    answer.header("etag").unwrap().to_owned()
}

impl TestShop {
    /// Copies a row past the API, with these members changed; `which` is a condition that finds one row.
    fn copy_row(&self, table: &str, which: &str, changes: &Value) {
        let changes = format!("jsonb_build_object('id', gen_random_uuid()) || '{changes}'::jsonb");
        self.execute(&format!(
            "insert into {table} select (jsonb_populate_record(r, {changes})).* from {table} r where {which}"
        ));
    }
}
