//! The stock ledger: an entry for each change of a stock level.

use serde_json::{Value, json};

use crate::support::builders::order_body;
use crate::support::{Client, TestShop};

/// Returns kind, deltas and balances of the entries, oldest first.
async fn entries(staff: &Client, query: &str) -> Vec<(String, [i64; 4])> {
    let list = staff.get(&format!("/api/stock-movements/?page_size=1000&{query}")).await.expect(200);
    let mut rows = list["results"].as_array().unwrap().clone();
    rows.reverse();
    let numbers = |row: &Value| {
        ["quantity_delta", "allocated_delta", "quantity_after", "allocated_after"]
            .map(|name| row[name].as_i64().unwrap())
    };
    rows.iter().map(|row| (row["kind"].as_str().unwrap().to_owned(), numbers(row))).collect()
}

fn entry(kind: &str, numbers: [i64; 4]) -> (String, [i64; 4]) {
    (kind.to_owned(), numbers)
}

#[actix_web::test]
async fn ledger_entry_contains_actor_and_reason() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").stock(0).create();
    let counted = json!({"sku": "MUG", "quantity": 12, "note": "Spring count"});
    let level = staff.post("/api/stocks/adjust/", counted).await.expect(200);

    let list = staff.get("/api/stock-movements/").await.expect(200);

    let row = &list["results"][0];
    assert_eq!(
        *row,
        json!({
            "id": row["id"], "stock": level["id"], "kind": "counted", "quantity_delta": 12, "allocated_delta": 0,
            "quantity_after": 12, "allocated_after": 0, "order": null, "actor": {"type": "user", "id": staff.user},
            "note": "Spring count", "created_at": level["updated_at"],
        })
    );
    assert_eq!(list["count"], 1);
}

#[actix_web::test]
async fn cancelled_order_releases_its_stock() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(10).create();
    let order = ana.post("/api/orders/", order_body(&[(&mug, 3), (&mug, 1)])).await.expect(201);
    let id = order["id"].as_str().unwrap();
    ana.post(&format!("/api/orders/{id}/cancel/"), json!({})).await.expect(200);

    assert_eq!(
        entries(&staff, "").await,
        [entry("received", [10, 0, 10, 0]), entry("allocated", [0, 4, 10, 4]), entry("released", [0, -4, 10, 0]),],
        "one entry per stock level, not per line"
    );
    let of_order = staff.get(&format!("/api/stock-movements/?order={id}")).await.expect(200);
    assert_eq!(of_order["count"], 2);
    assert_eq!(of_order["results"][0]["actor"], json!({"type": "user", "id": ana.user}));
    assert_eq!(of_order["results"][0]["order"], json!(id));
}

#[actix_web::test]
async fn returned_order_is_restocked() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(10).create();
    let order = ana.post("/api/orders/", order_body(&[(&mug, 3)])).await.expect(201);
    let url = format!("/api/orders/{}/", order["id"].as_str().unwrap());
    for verb in ["process", "ship", "deliver"] {
        staff.post(&format!("{url}{verb}/"), json!({})).await.expect(200);
    }
    assert_eq!(shop.stock_of(&mug), (7, 0));
    staff.post(&format!("{url}returns/"), json!({})).await.expect(201);

    assert_eq!(
        entries(&staff, "").await,
        [
            entry("received", [10, 0, 10, 0]),
            entry("allocated", [0, 3, 10, 3]),
            entry("shipped", [-3, -3, 7, 0]),
            entry("returned", [3, 0, 10, 0]),
        ]
    );
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn stock_ledger_is_filtered_by_stock_level_and_order() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(5).create();
    let pot = shop.product("Pot").stock(6).create();
    let first = ana.post("/api/orders/", order_body(&[(&mug, 1), (&pot, 2)])).await.expect(201);
    ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(201);
    let levels = staff.get("/api/stocks/").await.expect(200);
    let stock = levels["results"][0]["id"].as_str().unwrap();

    assert_eq!(
        entries(&staff, &format!("stock={stock}")).await,
        [entry("received", [5, 0, 5, 0]), entry("allocated", [0, 1, 5, 1]), entry("allocated", [0, 1, 5, 2]),]
    );
    let order = first["id"].as_str().unwrap();
    let mut of_order = entries(&staff, &format!("order={order}")).await;
    of_order.sort();
    assert_eq!(of_order, [entry("allocated", [0, 1, 5, 1]), entry("allocated", [0, 2, 6, 2])]);
    staff.get("/api/stock-movements/?order=1").await.expect(400);
}
