//! Messages about orders: each recipient gets each message once.

mod failures;

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde_json::{Value, json};

use super::{place_order, post_action, url};
use crate::support::TestShop;
use crate::support::builders::order_body;

/// Row of `messages`.
#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Message {
    #[diesel(sql_type = Text)]
    medium: String,
    #[diesel(sql_type = Text)]
    recipient: String,
    #[diesel(sql_type = Text)]
    template: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    provider: Option<String>,
}

fn messages(shop: &TestShop) -> Vec<Message> {
    let query =
        "select medium, recipient, template, state, provider from messages order by template, medium, recipient";
    shop.sql(|conn| diesel::sql_query(query).load(conn))
}

fn message(medium: &str, recipient: &str, template: &str, state: &str, provider: &str) -> Message {
    Message {
        medium: medium.to_owned(),
        recipient: recipient.to_owned(),
        template: template.to_owned(),
        state: state.to_owned(),
        provider: Some(provider.to_owned()),
    }
}

/// Places an order by a customer with a phone number.
async fn order_of_ana(shop: &TestShop) -> Value {
    let ana = shop.customer("ana").await;
    ana.patch("/api/customers/me/", json!({"phone": "+254700000001"})).await.expect(200);
    let mug = shop.product("Mug").create();
    place_order(&ana, &[(&mug, 2)]).await
}

fn all_messages() -> [Message; 3] {
    [
        message("email", "ana@example.com", "order_confirmed", "sent", "file"),
        message("sms", "+254700000001", "order_confirmed", "sent", "log"),
        message("email", "boss@example.com", "order_placed_admin", "sent", "file"),
    ]
}

#[actix_web::test]
async fn confirmed_order_notifies_customer_and_administrators() {
    let shop = TestShop::new().await;
    let order = order_of_ana(&shop).await;
    let number = order["number"].as_str().unwrap();
    assert_eq!((messages(&shop), shop.mails()), (vec![], vec![]), "not before the worker runs");

    shop.run_jobs().await;

    assert_eq!(messages(&shop), all_messages());
    assert_eq!(
        shop.mails(),
        [
            ("ana@example.com".to_owned(), format!("Your order {number} at Mercer is confirmed")),
            ("boss@example.com".to_owned(), format!("New order {number}: 23.20 EUR")),
        ]
    );
    assert_eq!(shop.number("select count(*) from jobs where state <> 'done'"), 0);
}

#[actix_web::test]
async fn event_dispatched_twice_notifies_once() {
    let shop = TestShop::new().await;
    order_of_ana(&shop).await;
    shop.run_jobs().await;
    let jobs = shop.number("select count(*) from jobs");

    shop.execute("update events set position = null");
    shop.run_jobs().await;

    assert_eq!(messages(&shop), all_messages());
    assert_eq!(shop.mails().len(), 2);
    assert_eq!(shop.number("select count(*) from jobs"), jobs);
}

#[actix_web::test]
async fn job_that_runs_twice_notifies_once() {
    let shop = TestShop::new().await;
    order_of_ana(&shop).await;
    shop.run_jobs().await;

    shop.execute("update jobs set state = 'queued', finished_at = null");
    shop.execute("update messages set created_at = '2026-01-01', updated_at = '2026-01-01'");
    shop.run_jobs().await;

    assert_eq!(messages(&shop), all_messages());
    assert_eq!(shop.mails().len(), 2);
    assert_eq!(
        shop.number("select count(*) from messages where updated_at = '2026-01-01'"),
        3,
        "nothing was sent again"
    );
}

#[actix_web::test]
async fn customer_without_a_phone_receives_only_an_email() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    place_order(&ana, &[(&mug, 2)]).await;

    shop.run_jobs().await;

    let [mail, _, to_administrator] = all_messages();
    assert_eq!(messages(&shop), [mail, to_administrator]);
}

#[actix_web::test]
async fn customer_without_an_email_receives_only_a_text_message() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let (ana, mug) = (shop.customer("ana").await, shop.product("Mug").create());
    shop.execute(&format!("update customers set email = null where id = '{}'", ana.customer));
    let mut body = order_body(&[(&mug, 2)]);
    body["customer"] = json!(ana.customer);
    body["phone"] = json!("+254700000001");
    let order = staff.post("/api/orders/", body).await.expect(201);
    assert_eq!(order["email"], Value::Null);

    shop.run_jobs().await;

    let [_, sms, to_administrator] = all_messages();
    assert_eq!(messages(&shop), [sms, to_administrator]);
}

#[actix_web::test]
async fn administrator_who_orders_receives_each_message_once() {
    let shop = TestShop::with_settings(&[("ADMIN_EMAILS", "ana@example.com, boss@example.com")]).await;
    order_of_ana(&shop).await;
    shop.run_jobs().await;
    assert_eq!(messages(&shop), all_messages());
    assert_eq!(shop.mails().len(), 2);
}

#[actix_web::test]
async fn pending_order_notifies_when_it_is_confirmed() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.execute("update channels set confirms_orders = false");
    let order = order_of_ana(&shop).await;
    shop.run_jobs().await;
    assert_eq!(messages(&shop), []);

    post_action(&staff, &order, "confirm").await.expect(200);
    shop.run_jobs().await;

    assert_eq!(messages(&shop), all_messages());
}

#[actix_web::test]
async fn customer_is_notified_of_shipping_and_cancellation() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let sent = place_order(&ana, &[(&mug, 1)]).await;
    let cancelled = place_order(&ana, &[(&mug, 1)]).await;
    shop.run_jobs().await;
    let before = shop.mails().len();

    for name in ["process", "ship", "deliver", "returns"] {
        assert!(post_action(&staff, &sent, name).await.status.is_success(), "{name}");
    }
    post_action(&ana, &cancelled, "cancel").await.expect(200);
    shop.run_jobs().await;

    let new: Vec<_> = messages(&shop).into_iter().filter(|message| message.template.ends_with("ed")).collect();
    let count = |template: &str| new.iter().filter(|message| message.template == template).count();
    assert_eq!([count("order_confirmed"), count("order_shipped"), count("order_cancelled")], [2, 1, 1]);
    assert_eq!(shop.mails().len(), before + 2);
    let subject = format!("Your order {} from Mercer is on its way", sent["number"].as_str().unwrap());
    assert!(shop.mails().contains(&("ana@example.com".to_owned(), subject)));
}

#[actix_web::test]
async fn shipping_mail_contains_the_tracking_number() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    post_action(&staff, &order, "process").await.expect(200);
    let label = json!({"tracking_number": "1Z999AA10123456784"});
    staff.post(&url(&order, "ship/"), label).await.expect(200);

    shop.run_jobs().await;

    let with_tracking_number = "select count(*) from messages where template = 'order_shipped' \
                   and context->'order'->>'tracking_number' = '1Z999AA10123456784'";
    assert_eq!(shop.number(with_tracking_number), 1);
}
