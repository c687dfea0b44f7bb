//! Accounts switched off, what the shop knows of a person, and people forgotten.

mod deactivating;
mod erasing;
mod exporting;

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{Made, order_of};
use crate::support::shop::Person;

const ME: &str = "/api/customers/me/";
const DELETE: &str = "/api/customers/me/delete/";

/// Words that stand nowhere but in what the shop knows of Ana.
const TRACES: [&str; 6] = ["Wanjirukanari", "ana@example.com", "Moi Avenue 12", "+254700000001", "ring twice", "00100"];

/// Ana, with a profile and an order that was delivered, all told to everybody who is told.
async fn ana_with_an_order(shop: &TestShop) -> (Person, String) {
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

/// The id of an order of one piece.
async fn ordered(ana: &Person, made: &Made) -> String {
    let mut body = order_of(&[(made, 1)]);
    body["shipping_address"]["name"] = json!("Ana Wanjirukanari");
    body["note"] = json!("please ring twice");
    body["phone"] = json!("+254700000001");
    let order = ana.post("/api/orders/", body).await.expect(201);
    order["id"].as_str().unwrap().to_owned()
}

fn customer_url(person: &Person, verb: &str) -> String {
    format!("/api/customers/{}/{verb}/", person.customer)
}

fn refused(detail: &str, code: &str) -> Value {
    json!({"detail": detail, "code": code})
}
