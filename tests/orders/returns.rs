//! Returns of orders.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{advance_order, place_order, post_action, url};
use crate::support::{Client, TestShop};

async fn returned(staff: &Client, order: &Value) -> Value {
    advance_order(staff, order, &["process", "ship"]).await;
    post_action(staff, order, "returns").await.expect(201)
}

#[actix_web::test]
async fn whole_order_is_returned() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").price("12.50").stock(10).create();
    let pot = shop.product("Pot").stock(10).create();
    let order = place_order(&ana, &[(&mug, 2), (&pot, 1)]).await;
    advance_order(&staff, &order, &["process", "ship", "deliver"]).await;

    let response = staff.post(&url(&order, "returns/"), json!({"note": "Did not like it"})).await;

    let made = response.expect(201);
    let location = format!("/api/returns/{}/", made["id"].as_str().unwrap());
    assert_eq!(response.header("location"), Some(location.as_str()));
    let line = |place: usize, sku: &str, quantity: i32, price: &str, total: &str| {
        let line = &order["lines"][place];
        json!({
            "id": made["lines"][place]["id"], "order_line": line["id"], "product": line["product"],
            "variant": line["variant"], "product_name": line["product_name"], "sku": sku, "quantity": quantity,
            "unit_price": price, "total_gross": total,
        })
    };
    assert_eq!(
        made,
        json!({
            "id": made["id"], "number": format!("R-{}", order["number"].as_str().unwrap()), "order": order["id"],
            "customer": ana.customer, "status": "received", "currency": "EUR", "total_gross": "40.60",
            "lines": [line(0, "MUG", 2, "12.50", "29.00"), line(1, "POT", 1, "10.00", "11.60")],
            "returned_at": made["returned_at"], "created_at": made["returned_at"],
        })
    );
    assert_eq!(staff.get(&location).await.expect(200), made);
}

#[actix_web::test]
async fn return_changes_order_status_and_stock() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    advance_order(&staff, &order, &["process", "ship"]).await;
    assert_eq!(shop.stock_of(&mug), (8, 0));

    staff.post(&url(&order, "returns/"), json!({"note": "Did not like it"})).await.expect(201);

    let now = ana.get(&url(&order, "")).await.expect(200);
    assert_eq!((&now["status"], &now["fulfillment_status"]), (&json!("returned"), &json!("returned")));
    let history = staff.get(&url(&order, "history/")).await.expect(200);
    assert_eq!((&history[4]["to_status"], &history[4]["note"]), (&json!("returned"), &json!("Did not like it")));
    assert_eq!(shop.published_events().last().map(String::as_str), Some("order.returned"));
    assert_eq!(shop.stock_of(&mug), (10, 0), "restocked");
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn order_that_is_not_shipped_cannot_be_returned() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    let counts_before = shop.record_counts();

    let rejected = post_action(&staff, &order, "returns").await.expect(409);

    assert_eq!(
        rejected,
        json!({
            "detail": "An order that is confirmed cannot become returned.", "code": "invalid_transition",
            "status": "confirmed", "next": ["processing", "cancelled"],
        })
    );
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn archived_product_is_restocked_by_a_return() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);

    let made = returned(&staff, &order).await;

    assert_eq!(made["lines"][0]["product_name"], "Mug");
    assert_eq!(shop.stock_of(&mug), (10, 0));
}

#[actix_web::test]
async fn returns_are_listed_newest_first() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "86400")]).await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let mut expected = Vec::new();
    for _ in 0..3 {
        let order = place_order(&ana, &[(&mug, 1)]).await;
        let mut made = returned(&staff, &order).await;
        made["lines"] = json!([]);
        expected.insert(0, made);
        shop.advance(TimeDelta::seconds(1));
    }

    let list = staff.get("/api/returns/").await.expect(200);
    assert_eq!(list, json!({"count": 3, "next": null, "previous": null, "results": expected}));
    let page = staff.get("/api/returns/?page=2&page_size=2").await.expect(200);
    assert_eq!(page["results"], json!([expected[2]]));
    staff.get("/api/returns/?page=3&page_size=2").await.expect(404);
}

#[actix_web::test]
async fn returns_require_staff_permissions() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let made = returned(&staff, &order).await;
    let one = format!("/api/returns/{}/", made["id"].as_str().unwrap());
    for (client, status) in [(&shop.anonymous(), 401), (&*ana, 403)] {
        client.get("/api/returns/").await.expect(status);
        client.get(&one).await.expect(status);
        post_action(client, &order, "returns").await.expect(status);
    }
    staff.get("/api/returns/0190aaaa-0000-7000-8000-000000000001/").await.expect(404);
}
