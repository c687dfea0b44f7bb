//! An order is announced once to each, whatever happens to the workers.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::{address, order_of};
use crate::support::shop::Person;

async fn shop_with_an_order() -> (TestShop, Person) {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let mut body = order_of(&[(&mug, 1)]);
    body["phone"] = json!("+254700000001");
    body["shipping_address"] = address();
    ana.post("/api/orders/", body).await.expect(201);
    shop.dispatch_events().await;
    (shop, ana)
}

/// As a worker leaves its jobs of this name that is killed in the middle of them.
fn lease_to_a_dead_worker(shop: &TestShop, name: &str) {
    let now = shop.app.clock.now();
    shop.execute(&format!(
        "update jobs set state = 'running', attempts = attempts + 1, leased_by = gen_random_uuid(), \
         leased_until = '{now}' where name = '{name}'"
    ));
}

/// Customer and administrator have one e-mail each, and the customer one text message.
fn assert_told_once(shop: &TestShop) {
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
async fn an_order_is_announced_by_email_and_text_message() {
    let (shop, _ana) = shop_with_an_order().await;

    shop.run_jobs().await;

    assert_told_once(&shop);
}

#[actix_web::test]
async fn a_worker_killed_before_it_wrote_anything_changes_nothing() {
    let (shop, _ana) = shop_with_an_order().await;
    lease_to_a_dead_worker(&shop, "orders.announce");

    shop.advance(TimeDelta::seconds(61));
    shop.run_jobs().await;

    assert_told_once(&shop);
    assert_eq!(shop.number("select attempts from jobs where name = 'orders.announce'"), 2);
}

#[actix_web::test]
async fn a_worker_killed_after_it_announced_and_before_it_said_so_changes_nothing() {
    let (shop, _ana) = shop_with_an_order().await;
    shop.run_jobs().await;
    lease_to_a_dead_worker(&shop, "orders.announce");

    shop.advance(TimeDelta::seconds(61));
    shop.execute("update jobs set finished_at = null where state = 'running'");
    while shop.number("select count(*) from jobs where state = 'running'") > 0 {
        shop.execute("update jobs set leased_until = now() - interval '1 day' where state = 'running'");
        shop.run_jobs().await;
    }

    assert_told_once(&shop);
}

#[actix_web::test]
async fn a_worker_killed_while_it_sends_sends_again_only_what_may_come_twice() {
    let (shop, _ana) = shop_with_an_order().await;
    shop.run_jobs().await;
    // The mails are written and the answers are not: files may be written over.
    shop.execute("update messages set state = 'sending', reference = null where medium = 'email'");
    shop.execute(
        "update jobs set state = 'queued', finished_at = null where name = 'notify.deliver' \
         and payload->>'message' in (select id::text from messages where medium = 'email')",
    );

    shop.run_jobs().await;

    assert_told_once(&shop);
}

#[actix_web::test]
async fn an_event_that_is_handed_on_twice_is_announced_once() {
    let (shop, _ana) = shop_with_an_order().await;
    shop.run_jobs().await;

    shop.execute("update events set position = null");
    shop.dispatch_events().await;
    shop.run_jobs().await;

    assert_told_once(&shop);
}
