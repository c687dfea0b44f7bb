//! Access to orders: other customers cannot learn that an order exists.

use serde_json::json;

use super::{advance_order, place_order, post_action, url};
use crate::support::builders::order_body;
use crate::support::{Client, TestShop};

const ACTIONS: [&str; 5] = ["confirm", "process", "ship", "deliver", "returns"];

#[actix_web::test]
async fn order_of_another_customer_is_not_found() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    for suffix in ["", "history/", "payments/"] {
        assert_eq!(ben.get(&url(&order, suffix)).await.expect(404), not_found, "{suffix}");
    }
    assert_eq!(post_action(&ben, &order, "cancel").await.expect(404), not_found);
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
    let unknown = json!({"id": "0190aaaa-0000-7000-8000-000000000001"});
    for suffix in ["", "history/", "payments/"] {
        assert_eq!(
            ben.get(&url(&unknown, suffix)).await.expect(404),
            not_found,
            "same response as for an unknown order"
        );
    }
    ben.get("/api/orders/M-000001/").await.expect(404);
}

#[actix_web::test]
async fn customers_cannot_use_staff_transitions() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    for name in ACTIONS {
        post_action(&ana, &order, name).await.expect(403);
        post_action(&shop.anonymous(), &order, name).await.expect(401);
    }
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
}

#[actix_web::test]
async fn orders_require_authentication() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let guest = shop.anonymous();
    for suffix in ["", "history/", "payments/"] {
        guest.get(&url(&order, suffix)).await.expect(401);
    }
    post_action(&guest, &order, "cancel").await.expect(401);
    guest.get("/api/orders/").await.expect(401);
    guest.get("/api/customers/me/orders/").await.expect(401);
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
}

async fn cancels(client: &Client, order: &serde_json::Value) -> u16 {
    post_action(client, order, "cancel").await.status.as_u16()
}

#[actix_web::test]
async fn customer_can_cancel_until_the_order_is_being_prepared() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(100).create();
    let confirmed = place_order(&ana, &[(&mug, 1)]).await;
    assert_eq!(cancels(&ana, &confirmed).await, 200);
    shop.execute("update channels set confirms_orders = false");
    let pending = place_order(&ana, &[(&mug, 1)]).await;
    assert_eq!(cancels(&ana, &pending).await, 200);

    let prepared = place_order(&ana, &[(&mug, 1)]).await;
    let prepared = advance_order(&staff, &prepared, &["confirm", "process"]).await;
    let rejected = post_action(&ana, &prepared, "cancel").await.expect(409);
    assert_eq!(
        rejected,
        json!({
            "detail": "This order can no longer be cancelled; contact the shop.", "code": "invalid_transition",
            "status": "processing", "next": [],
        })
    );
    assert_eq!(ana.get(&url(&prepared, "")).await.expect(200), prepared);
    assert_eq!(shop.stock_of(&mug), (100, 1));
    assert_eq!(cancels(&staff, &prepared).await, 200);
    assert_eq!(shop.stock_of(&mug), (100, 0));
}

#[actix_web::test]
async fn guest_can_cancel_with_the_order_token() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let mut body = order_body(&[(&mug, 1)]);
    body["email"] = json!("guest@example.com");
    let order = || async {
        let response = shop.anonymous().post("/api/orders/", body.clone()).await;
        let token = response.header("x-order-token").unwrap();
        (shop.anonymous().with_header("x-order-token", token), response.expect(201))
    };

    let (guest, first) = order().await;
    let cancelled = post_action(&guest, &first, "cancel").await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    let history = guest.get(&url(&first, "history/")).await.expect(200);
    assert_eq!(history[2]["actor"], json!({"type": "guest"}));
    assert_eq!(shop.stock_of(&mug), (10, 0));

    let (guest, second) = order().await;
    post_action(&staff, &second, "process").await.expect(200);
    assert_eq!(cancels(&guest, &second).await, 409);
    for name in ACTIONS {
        post_action(&guest, &second, name).await.expect(401);
    }
}

#[actix_web::test]
async fn staff_can_view_and_cancel_all_orders() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    assert_eq!(staff.get(&url(&order, "")).await.expect(200), order);
    staff.get(&url(&order, "history/")).await.expect(200);
    staff.get(&url(&order, "payments/")).await.expect(200);
    assert_eq!(post_action(&staff, &order, "cancel").await.expect(200)["status"], "cancelled");
}
