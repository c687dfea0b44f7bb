//! Orders that nobody paid are given up by the clock.

use chrono::TimeDelta;
use futures_util::future::join;
use mercer::orders::lifecycle::ExpireUnpaidOrders;
use mercer::platform::jobs::Job;
use serde_json::json;

use super::super::{placed, url, verb};
use crate::support::TestShop;

/// A shop whose orders wait half an hour for money.
async fn patient_shop() -> TestShop {
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
async fn an_unpaid_order_expires_past_the_channels_limit() {
    let shop = patient_shop().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 3)]).await;
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
    shop.assert_books_balance();
}

#[actix_web::test]
async fn only_pending_and_unpaid_orders_expire() {
    let shop = patient_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let confirmed = placed(&ana, &[(&mug, 1)]).await;
    verb(&staff, &confirmed, "confirm").await.expect(200);
    let cancelled = placed(&ana, &[(&mug, 1)]).await;
    verb(&ana, &cancelled, "cancel").await.expect(200);
    let paid = placed(&ana, &[(&mug, 1)]).await;
    let paid = paid["id"].as_str().unwrap();
    shop.execute(&format!("update orders set payment_status = 'authorized' where id = '{paid}'"));
    let books = shop.books();

    shop.advance(TimeDelta::days(1));
    expire(&shop).await;

    assert_eq!(["confirmed", "cancelled", "pending"].map(|status| count(&shop, status)), [1, 1, 1]);
    assert_eq!(shop.books(), books);
}

#[actix_web::test]
async fn without_a_limit_orders_wait_for_ever() {
    let shop = patient_shop().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    placed(&ana, &[(&mug, 1)]).await;
    shop.execute("update channels set expires_after_minutes = null");
    shop.advance(TimeDelta::days(3650));
    expire(&shop).await;
    assert_eq!(count(&shop, "pending"), 1);
}

#[actix_web::test]
async fn two_workers_expire_an_order_once() {
    let shop = patient_shop().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    for _ in 0..3 {
        placed(&ana, &[(&mug, 2)]).await;
    }
    shop.advance(TimeDelta::hours(1));

    join(expire(&shop), expire(&shop)).await;

    assert_eq!(count(&shop, "expired"), 3);
    assert_eq!(shop.stock_of(&mug), (10, 0));
    assert_eq!(shop.number("select count(*) from events where topic = 'order.expired'"), 3);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn an_order_that_is_paid_at_the_last_moment_does_not_expire() {
    let shop = patient_shop().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    placed(&ana, &[(&mug, 2)]).await;
    shop.advance(TimeDelta::hours(1));
    let mut paying = shop.database.connect();
    let mut execute =
        |statement: &str| diesel::connection::SimpleConnection::batch_execute(&mut paying, statement).unwrap();
    execute("begin");
    execute("update orders set payment_status = 'paid'");

    let paid = async {
        shop.until_somebody_waits().await;
        execute("commit");
    };
    join(expire(&shop), paid).await;

    assert_eq!((count(&shop, "pending"), shop.stock_of(&mug)), (1, (10, 2)));
}
