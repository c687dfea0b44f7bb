//! Order notifications are sent once per recipient, even if workers crash.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::{address, order_body};
use crate::support::shop::TestUser;

async fn shop_with_an_order() -> (TestShop, TestUser) {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let mut body = order_body(&[(&mug, 1)]);
    body["phone"] = json!("+254700000001");
    body["shipping_address"] = address();
    ana.post("/api/orders/", body).await.expect(201);
    shop.dispatch_events().await;
    (shop, ana)
}

/// Leases the jobs of this name to a worker that no longer exists.
fn lease_to_a_dead_worker(shop: &TestShop, name: &str) {
    let now = shop.app.clock.now();
    shop.execute(&format!(
        "update jobs set state = 'running', attempts = attempts + 1, leased_by = gen_random_uuid(), \
         leased_until = '{now}' where name = '{name}'"
    ));
}

/// Checks that the customer and the administrator received one e-mail each, and the customer one text message.
fn assert_notified_once(shop: &TestShop) {
    let recipients: Vec<_> = shop.mails().into_iter().map(|(recipient, _)| recipient).collect();
    assert_eq!(recipients, ["ana@example.com", "boss@example.com"]);
    let messages = |medium: &str| {
        shop.number(&format!("select count(*) from messages where medium = '{medium}' and state = 'sent'"))
    };
    assert_eq!((messages("email"), messages("sms")), (2, 1));
    assert_eq!(shop.number("select count(*) from messages"), 3);
    assert_eq!(shop.number("select count(*) from jobs where state <> 'done'"), 0);
}

#[actix_web::test]
async fn order_notification_is_sent_by_email_and_sms() {
    let (shop, _ana) = shop_with_an_order().await;

    shop.run_jobs().await;

    assert_notified_once(&shop);
}

#[actix_web::test]
async fn worker_killed_before_the_notification_does_not_affect_delivery() {
    let (shop, _ana) = shop_with_an_order().await;
    lease_to_a_dead_worker(&shop, "orders.announce");

    shop.advance(TimeDelta::seconds(61));
    shop.run_jobs().await;

    assert_notified_once(&shop);
    assert_eq!(shop.number("select attempts from jobs where name = 'orders.announce'"), 2);
}

#[actix_web::test]
async fn worker_killed_after_the_notification_does_not_repeat_it() {
    let (shop, _ana) = shop_with_an_order().await;
    shop.run_jobs().await;
    lease_to_a_dead_worker(&shop, "orders.announce");

    shop.advance(TimeDelta::seconds(61));
    shop.execute("update jobs set finished_at = null where state = 'running'");
    while shop.number("select count(*) from jobs where state = 'running'") > 0 {
        shop.execute("update jobs set leased_until = now() - interval '1 day' where state = 'running'");
        shop.run_jobs().await;
    }

    assert_notified_once(&shop);
}

#[actix_web::test]
async fn interrupted_send_is_repeated_only_with_an_idempotent_provider() {
    let (shop, _ana) = shop_with_an_order().await;
    shop.run_jobs().await;
    // The e-mails are sent, but the results are not recorded. The file mailer is idempotent.
    shop.execute("update messages set state = 'sending', reference = null where medium = 'email'");
    shop.execute(
        "update jobs set state = 'queued', finished_at = null where name = 'notify.deliver' \
         and payload->>'message' in (select id::text from messages where medium = 'email')",
    );

    shop.run_jobs().await;

    assert_notified_once(&shop);
}

#[actix_web::test]
async fn event_dispatched_twice_causes_one_notification() {
    let (shop, _ana) = shop_with_an_order().await;
    shop.run_jobs().await;

    shop.execute("update events set position = null");
    shop.dispatch_events().await;
    shop.run_jobs().await;

    assert_notified_once(&shop);
}
