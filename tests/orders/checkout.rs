//! Placing orders.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::order_of;

#[actix_web::test]
async fn an_order_is_refused_when_stock_has_run_out() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").price("12.50").stock(1).create();
    let ana = shop.customer("ana").await;
    let events = shop.published_events();

    let response = ana.post("/api/orders/", order_of(&[(&mug, 2)])).await;

    assert_eq!(
        response.expect(409),
        json!({
            "detail": "Not enough stock.",
            "code": "out_of_stock",
            "lines": {"0": {"sku": "MUG", "requested": 2, "available": 1}}
        })
    );
    assert_eq!(shop.stock_of(&mug), (1, 0));
    assert_eq!(shop.number("select count(*) from orders"), 0);
    assert_eq!(shop.published_events(), events);
}

#[actix_web::test]
async fn fifty_buyers_of_ten_mugs_make_ten_orders() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").stock(10).create();
    let ana = shop.customer("ana").await;

    let body = order_of(&[(&mug, 1)]);
    let answers = join_all((0..50).map(|_| ana.post("/api/orders/", body.clone()))).await;

    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((placed, refused), (10, 40));
    assert_eq!(shop.stock_of(&mug), (10, 10));
    assert_eq!(shop.number("select count(*) from orders"), 10);
}
