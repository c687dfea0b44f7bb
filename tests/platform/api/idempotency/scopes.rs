//! Scope of a key: the keys of different clients and of different URLs are independent.

use serde_json::json;

use super::{assert_replayed, guest_order, is_replayed, keyed, orders, reused, stored};
use crate::platform::api::order_url;
use crate::support::TestShop;
use crate::support::builders::order_body;

#[actix_web::test]
async fn customers_can_use_the_same_key() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let mug = shop.product("Mug").create();

    let her_order = keyed(&ana, "1").post("/api/orders/", order_body(&[(&mug, 1)])).await;
    let his_order = keyed(&ben, "1").post("/api/orders/", order_body(&[(&mug, 1)])).await;

    assert_eq!(her_order.expect(201)["customer"], json!(ana.customer));
    assert_eq!(his_order.expect(201)["customer"], json!(ben.customer));
    assert!(!is_replayed(&his_order));
    assert_replayed(&his_order, &keyed(&ben, "1").post("/api/orders/", order_body(&[(&mug, 1)])).await);
    assert_eq!((orders(&shop), stored(&shop)), (2, 2));
}

#[actix_web::test]
async fn guests_with_the_same_key_get_separate_tokens() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), "1");
    let mug = shop.product("Mug").create();
    let order = |email: &str| guest.post("/api/orders/", guest_order(email, &[(&mug, 1)]));

    let one = order("one@example.com").await;
    let other = order("other@example.com").await;

    assert_eq!((one.expect(201)["email"].clone(), other.expect(201)["email"].clone()), {
        (json!("one@example.com"), json!("other@example.com"))
    });
    assert!(!is_replayed(&other));
    assert_ne!(one.header("x-order-token"), other.header("x-order-token"));
    assert_replayed(&one, &order("one@example.com").await);
    assert_eq!(orders(&shop), 2);
}

#[actix_web::test]
async fn guest_and_signed_in_customer_have_separate_keys() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let body = guest_order("ana@example.com", &[(&mug, 1)]);

    let as_guest = keyed(&shop.anonymous(), "1").post("/api/orders/", body.clone()).await;
    let as_ana = keyed(&ana, "1").post("/api/orders/", body).await;

    assert_eq!(as_guest.expect(201)["customer"], json!(null));
    assert_eq!(as_ana.expect(201)["customer"], json!(ana.customer));
    assert_eq!(as_ana.header("x-order-token"), None);
}

#[actix_web::test]
async fn guests_with_different_order_tokens_have_separate_keys() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let mug = shop.product("Mug").create();
    let mut cancelled = Vec::new();
    for email in ["one@example.com", "other@example.com"] {
        let placed = guest.post("/api/orders/", guest_order(email, &[(&mug, 1)])).await;
        let holder = guest.with_header("x-order-token", placed.header("x-order-token").unwrap());
        let url = order_url(&placed.expect(201), "cancel/");
        let first = keyed(&holder, "1").post(&url, json!({})).await;
        assert_replayed(&first, &keyed(&holder, "1").post(&url, json!({})).await);
        cancelled.push(first.expect(200)["email"].clone());
    }
    assert_eq!(cancelled, ["one@example.com", "other@example.com"]);
}

#[actix_web::test]
async fn key_can_be_used_for_several_urls_and_methods() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let client = keyed(&staff, "1");
    shop.product("Cup").create();

    let product = json!({"name": "Mug", "sku": "MUG", "price": "3"});
    client.post("/api/products/", product.clone()).await.expect(201);
    client.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    client.patch("/api/products/mug/", json!({"price": "4"})).await.expect(200);
    client.patch("/api/categories/mugs/", json!({"name": "All mugs"})).await.expect(200);
    assert_eq!(stored(&shop), 4);

    // The same route with a different id is a different request.
    let other = client.patch("/api/products/cup/", json!({"price": "4"})).await;
    assert_eq!(other.expect(422), reused());
    assert_eq!(staff.get("/api/products/cup/").await.expect(200)["price"], "10.00");
    assert!(is_replayed(&client.post("/api/products/", product).await));
}
