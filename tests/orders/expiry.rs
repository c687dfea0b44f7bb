//! Expiry of unpaid orders.

use chrono::TimeDelta;
use futures_util::future::join;
use mercer::orders::expiry::ExpireUnpaidOrders;
use mercer::platform::jobs::Job;
use serde_json::json;

use super::{place_order, post_action, url};
use crate::support::TestShop;

/// Creates a shop whose unpaid orders expire after 30 minutes.
async fn shop_with_payment_limit() -> TestShop {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "86400")]).await;
    shop.execute("update channels set confirms_orders = false, expires_after_minutes = 30");
    shop
}

async fn expire(shop: &TestShop) {
    ExpireUnpaidOrders {}.run(&shop.app).await.unwrap();
}

fn count(shop: &TestShop, status: &str) -> i64 {
    shop.number(&format!("select count(*) from orders where status = '{status}'"))
}

#[actix_web::test]
async fn unpaid_order_expires_after_the_channels_limit() {
    let shop = shop_with_payment_limit().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 3)]).await;
    shop.advance(TimeDelta::minutes(29));
    expire(&shop).await;
    assert_eq!((count(&shop, "pending"), shop.stock_of(&mug)), (1, (10, 3)));

    shop.advance(TimeDelta::minutes(2));
    expire(&shop).await;

    assert_eq!(ana.get(&url(&order, "")).await.expect(200)["status"], "expired");
    assert_eq!(shop.stock_of(&mug), (10, 0));
    let history = shop.staff().await.get(&url(&order, "history/")).await.expect(200);
    assert_eq!(
        [&history[1]["from_status"], &history[1]["to_status"], &history[1]["note"], &history[1]["actor"]],
        [&json!("pending"), &json!("expired"), &json!("unpaid past the channel's limit"), &json!({"type": "system"})]
    );
    assert_eq!(shop.published_events()[1..], ["order.created", "order.expired"]);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn only_pending_unpaid_orders_expire() {
    let shop = shop_with_payment_limit().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let confirmed = place_order(&ana, &[(&mug, 1)]).await;
    post_action(&staff, &confirmed, "confirm").await.expect(200);
    let cancelled = place_order(&ana, &[(&mug, 1)]).await;
    post_action(&ana, &cancelled, "cancel").await.expect(200);
    let paid = place_order(&ana, &[(&mug, 1)]).await;
    let paid = paid["id"].as_str().unwrap();
    shop.execute(&format!("update orders set payment_status = 'authorized' where id = '{paid}'"));
    let counts_before = shop.record_counts();

    shop.advance(TimeDelta::days(1));
    expire(&shop).await;

    assert_eq!(["confirmed", "cancelled", "pending"].map(|status| count(&shop, status)), [1, 1, 1]);
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn orders_never_expire_without_a_limit() {
    let shop = shop_with_payment_limit().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    place_order(&ana, &[(&mug, 1)]).await;
    shop.execute("update channels set expires_after_minutes = null");
    shop.advance(TimeDelta::days(3650));
    expire(&shop).await;
    assert_eq!(count(&shop, "pending"), 1);
}

#[actix_web::test]
async fn concurrent_workers_expire_an_order_once() {
    let shop = shop_with_payment_limit().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    for _ in 0..3 {
        place_order(&ana, &[(&mug, 2)]).await;
    }
    shop.advance(TimeDelta::hours(1));

    join(expire(&shop), expire(&shop)).await;

    assert_eq!(count(&shop, "expired"), 3);
    assert_eq!(shop.stock_of(&mug), (10, 0));
    assert_eq!(shop.number("select count(*) from events where topic = 'order.expired'"), 3);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn order_paid_during_expiry_does_not_expire() {
    let shop = shop_with_payment_limit().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    place_order(&ana, &[(&mug, 2)]).await;
    shop.advance(TimeDelta::hours(1));
    let mut paying = shop.database.connect();
    let mut execute =
        |statement: &str| diesel::connection::SimpleConnection::batch_execute(&mut paying, statement).unwrap();
    execute("begin");
    execute("update orders set payment_status = 'paid'");

    let pay = async {
        shop.wait_for_blocked_statement().await;
        execute("commit");
    };
    join(expire(&shop), pay).await;

    assert_eq!((count(&shop, "pending"), shop.stock_of(&mug)), (1, (10, 2)));
}
