//! Whose order it is: others do not learn that it exists.

use serde_json::json;

use super::super::{moved, placed, url, verb};
use crate::support::builders::order_of;
use crate::support::{Client, TestShop};

const VERBS: [&str; 5] = ["confirm", "process", "ship", "deliver", "returns"];

#[actix_web::test]
async fn somebody_elses_order_is_not_there() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    for behind in ["", "history/", "payments/"] {
        assert_eq!(ben.get(&url(&order, behind)).await.expect(404), not_found, "{behind}");
    }
    assert_eq!(verb(&ben, &order, "cancel").await.expect(404), not_found);
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
    let nobody = json!({"id": "0190aaaa-0000-7000-8000-000000000001"});
    for behind in ["", "history/", "payments/"] {
        assert_eq!(ben.get(&url(&nobody, behind)).await.expect(404), not_found, "as if it did not exist");
    }
    ben.get("/api/orders/M-000001/").await.expect(404);
}

#[actix_web::test]
async fn customers_do_not_move_their_orders() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    for name in VERBS {
        verb(&ana, &order, name).await.expect(403);
        verb(&shop.anonymous(), &order, name).await.expect(401);
    }
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
}

#[actix_web::test]
async fn somebody_unknown_sees_nothing() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    let guest = shop.anonymous();
    for behind in ["", "history/", "payments/"] {
        guest.get(&url(&order, behind)).await.expect(401);
    }
    verb(&guest, &order, "cancel").await.expect(401);
    guest.get("/api/orders/").await.expect(401);
    guest.get("/api/customers/me/orders/").await.expect(401);
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
}

async fn cancels(client: &Client, order: &serde_json::Value) -> u16 {
    verb(client, order, "cancel").await.status.as_u16()
}

#[actix_web::test]
async fn a_customer_cancels_until_the_order_is_being_prepared() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(100).create();
    let confirmed = placed(&ana, &[(&mug, 1)]).await;
    assert_eq!(cancels(&ana, &confirmed).await, 200);
    shop.execute("update channels set confirms_orders = false");
    let pending = placed(&ana, &[(&mug, 1)]).await;
    assert_eq!(cancels(&ana, &pending).await, 200);

    let prepared = placed(&ana, &[(&mug, 1)]).await;
    let prepared = moved(&staff, &prepared, &["confirm", "process"]).await;
    let refused = verb(&ana, &prepared, "cancel").await.expect(409);
    assert_eq!(
        refused,
        json!({
            "detail": "The order can no longer be cancelled by the customer.", "code": "invalid_transition",
            "status": "processing", "next": [],
        })
    );
    assert_eq!(ana.get(&url(&prepared, "")).await.expect(200), prepared);
    assert_eq!(shop.stock_of(&mug), (100, 1));
    assert_eq!(cancels(&staff, &prepared).await, 200);
    assert_eq!(shop.stock_of(&mug), (100, 0));
}

#[actix_web::test]
async fn a_guest_cancels_with_the_secret() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let mut body = order_of(&[(&mug, 1)]);
    body["email"] = json!("guest@example.com");
    let order = || async {
        let answer = shop.anonymous().post("/api/orders/", body.clone()).await;
        let token = answer.header("x-order-token").unwrap();
        (shop.anonymous().with_header("x-order-token", token), answer.expect(201))
    };

    let (guest, first) = order().await;
    let cancelled = verb(&guest, &first, "cancel").await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    let history = guest.get(&url(&first, "history/")).await.expect(200);
    assert_eq!(history[2]["actor"], json!({"type": "guest"}));
    assert_eq!(shop.stock_of(&mug), (10, 0));

    let (guest, second) = order().await;
    verb(&staff, &second, "process").await.expect(200);
    assert_eq!(cancels(&guest, &second).await, 409);
    for name in VERBS {
        verb(&guest, &second, name).await.expect(401);
    }
}

#[actix_web::test]
async fn staff_see_and_cancel_every_order() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    assert_eq!(staff.get(&url(&order, "")).await.expect(200), order);
    staff.get(&url(&order, "history/")).await.expect(200);
    staff.get(&url(&order, "payments/")).await.expect(200);
    assert_eq!(verb(&staff, &order, "cancel").await.expect(200)["status"], "cancelled");
}
