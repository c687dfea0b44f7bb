//! Deactivation of accounts, personal data exports, and erasure of customers.

mod deactivation;
mod erasure;
mod exports;

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{TestProduct, order_body};
use crate::support::shop::TestUser;

const ME: &str = "/api/customers/me/";
const DELETE: &str = "/api/customers/me/delete/";

/// Texts that occur only in Ana's personal data.
const TRACES: [&str; 6] = ["Wanjirukanari", "ana@example.com", "Moi Avenue 12", "+254700000001", "ring twice", "00100"];

/// Ana with a profile and a delivered order. All jobs have run.
async fn ana_with_an_order(shop: &TestShop) -> (TestUser, String) {
    let ana = shop.customer("ana").await;
    let profile = json!({"first_name": "Ana", "last_name": "Wanjirukanari", "phone": "+254700000001"});
    ana.patch(ME, profile).await.expect(200);
    let mug = shop.product("Mug").create();
    let order = ordered(&ana, &mug).await;
    let staff = shop.staff().await;
    for verb in ["process", "ship", "deliver"] {
        let url = format!("/api/orders/{order}/{verb}/");
        staff.post(&url, json!({"note": "call Wanjirukanari first"})).await.expect(200);
    }
    shop.run_jobs().await;
    (ana, order)
}

/// Places an order of one piece and returns its id.
async fn ordered(ana: &TestUser, made: &TestProduct) -> String {
    let mut body = order_body(&[(made, 1)]);
    body["shipping_address"]["name"] = json!("Ana Wanjirukanari");
    body["note"] = json!("please ring twice");
    body["phone"] = json!("+254700000001");
    let order = ana.post("/api/orders/", body).await.expect(201);
    order["id"].as_str().unwrap().to_owned()
}

fn customer_url(user: &TestUser, verb: &str) -> String {
    format!("/api/customers/{}/{verb}/", user.customer)
}

fn error_body(detail: &str, code: &str) -> Value {
    json!({"detail": detail, "code": code})
}
