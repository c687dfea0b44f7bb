//! Provider failures, unknown outcomes and worker crashes while messages are sent.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{message, messages, order_of_ana};
use crate::support::fakes::{FakeHttp, FakeSmtp, HttpResponse, Reaction, Step};
use crate::support::{Client, TestShop};

async fn shop_with_smtp(server: &FakeSmtp) -> TestShop {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    TestShop::with_settings(&[("SMTP_URL", &url), ("ACCESS_TOKEN_SECONDS", "86400")]).await
}

async fn shop_with_twilio(server: &FakeHttp) -> TestShop {
    TestShop::with_settings(&[
        ("SMS_PROVIDER", "twilio"),
        ("TWILIO_URL", &server.url()),
        ("TWILIO_ACCOUNT_SID", "AC0"),
        ("TWILIO_AUTH_TOKEN", "not-a-real-token"),
        ("TWILIO_FROM", "+15005550006"),
        ("ACCESS_TOKEN_SECONDS", "86400"),
    ])
    .await
}

fn queued() -> HttpResponse {
    HttpResponse::json(201, &json!({"sid": "SM1", "status": "queued", "error_code": null}))
}

/// Returns the state of the order confirmation to Ana in this medium.
fn state(shop: &TestShop, medium: &str) -> String {
    let mut found = messages(shop);
    found.retain(|message| message.medium == medium && message.template == "order_confirmed");
    assert_eq!(found.len(), 1);
    found.remove(0).state
}

async fn dead_jobs(superuser: &Client) -> Vec<Value> {
    let list = superuser.get("/api/jobs/?state=dead").await.expect(200);
    list["results"].as_array().unwrap().clone()
}

/// Simulates a worker crash while the order confirmation was being sent.
fn kill_worker_while_sending(shop: &TestShop, medium: &str) {
    shop.execute(&format!(
        "update messages set state = 'sending', provider = null where medium = '{medium}' and template = 'order_confirmed'"
    ));
    shop.execute(&format!(
        "update jobs set state = 'running', finished_at = null, leased_by = id, leased_until = '2026-01-01' \
         where name = 'notify.deliver' and (payload->>'message')::uuid in \
         (select id from messages where medium = '{medium}' and template = 'order_confirmed')"
    ));
}

#[actix_web::test]
async fn temporary_mail_error_is_retried() {
    let server = FakeSmtp::with_reactions([(Step::To, Reaction::Reply("451 4.3.0 Try again later"))]).await;
    let shop = shop_with_smtp(&server).await;
    order_of_ana(&shop).await;

    shop.run_jobs().await;
    assert_eq!(state(&shop, "email"), "pending");
    assert_eq!(shop.number("select count(*) from jobs where state = 'queued' and attempts = 1"), 2);
    let delayed = "select count(*) from jobs where state = 'queued' and run_at - created_at >= interval '60 s'";
    assert_eq!(shop.number(delayed), 2);

    server.recover();
    shop.run_jobs().await;
    assert_eq!(server.recorded().mails.len(), 0, "not before the retry is due");
    shop.advance(TimeDelta::seconds(70));
    shop.run_jobs().await;

    assert_eq!(server.recorded().mails.len(), 2, "one to Ana, one to the administrator");
    assert_eq!(messages(&shop)[0], message("email", "ana@example.com", "order_confirmed", "sent", "smtp"));
    assert_eq!(shop.number("select count(*) from jobs where state <> 'done'"), 0);
    shop.advance(TimeDelta::days(1));
    shop.run_jobs().await;
    assert_eq!(server.recorded().mails.len(), 2);
}

#[actix_web::test]
async fn retry_delay_doubles_until_the_job_is_dead() {
    let server = FakeSmtp::with_reactions([(Step::From, Reaction::Reply("451 4.3.0 Try again later"))]).await;
    let shop = shop_with_smtp(&server).await;
    let root = shop.superuser().await;
    order_of_ana(&shop).await;
    shop.run_jobs().await;
    shop.execute("update jobs set max_attempts = 3 where name = 'notify.deliver'");

    shop.advance(TimeDelta::seconds(70));
    shop.run_jobs().await;
    assert_eq!(shop.number("select count(*) from jobs where state = 'queued' and attempts = 2"), 2);
    shop.advance(TimeDelta::seconds(100));
    shop.run_jobs().await;
    assert_eq!(shop.number("select count(*) from jobs where attempts = 2"), 2, "the delay doubles");
    shop.advance(TimeDelta::seconds(40));
    shop.run_jobs().await;

    let dead = dead_jobs(&root).await;
    assert_eq!(dead.len(), 2);
    assert_eq!((&dead[0]["name"], &dead[0]["attempts"]), (&json!("notify.deliver"), &json!(3)));
    assert_eq!(state(&shop, "email"), "pending", "it can still be sent");
}

#[actix_web::test]
async fn permanently_rejected_mail_is_dead_and_can_be_replayed() {
    let server = FakeSmtp::with_reactions([(Step::To, Reaction::Reply("550 5.1.1 No such user"))]).await;
    let shop = shop_with_smtp(&server).await;
    let (root, staff) = (shop.superuser().await, shop.staff().await);
    order_of_ana(&shop).await;
    shop.run_jobs().await;

    assert_eq!(state(&shop, "email"), "refused");
    let dead = dead_jobs(&root).await;
    assert_eq!(dead.len(), 2);
    assert_eq!((&dead[0]["state"], &dead[0]["attempts"]), (&json!("dead"), &json!(1)), "no retry");
    assert!(dead[0]["last_error"].as_str().unwrap().starts_with("rejected: "), "{}", dead[0]["last_error"]);
    staff.get("/api/jobs/?state=dead").await.expect(403);

    server.recover();
    for job in dead {
        let replay = format!("/api/jobs/{}/replay/", job["id"].as_str().unwrap());
        staff.post(&replay, json!({})).await.expect(403);
        let replayed = root.post(&replay, json!({})).await.expect(200);
        assert_eq!((&replayed["state"], &replayed["attempts"]), (&json!("queued"), &json!(0)));
        assert_eq!(root.post(&replay, json!({})).await.expect(409)["code"], "job_not_dead");
    }
    shop.run_jobs().await;

    assert_eq!(state(&shop, "email"), "sent");
    assert_eq!(server.recorded().mails.len(), 2);
    assert_eq!(dead_jobs(&root).await, Vec::<Value>::new());
}

#[actix_web::test]
async fn text_message_is_sent_once() {
    let server = FakeHttp::start([queued()]).await;
    let shop = shop_with_twilio(&server).await;
    let order = order_of_ana(&shop).await;

    shop.run_jobs().await;
    shop.advance(TimeDelta::days(1));
    shop.run_jobs().await;

    assert_eq!(state(&shop, "sms"), "sent");
    assert_eq!(shop.number("select count(*) from messages where reference = 'SM1' and provider = 'twilio'"), 1);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let number = order["number"].as_str().unwrap();
    assert!(requests[0].body.contains(&format!("order+{number}+is+confirmed%2C+23.20+EUR")), "{}", requests[0].body);
}

#[actix_web::test]
async fn text_message_with_unknown_outcome_is_not_retried() {
    let server = FakeHttp::start([HttpResponse::empty(500, &[]), queued()]).await;
    let shop = shop_with_twilio(&server).await;
    order_of_ana(&shop).await;

    shop.run_jobs().await;
    shop.advance(TimeDelta::days(30));
    shop.execute("update events set position = null");
    shop.run_jobs().await;

    assert_eq!(state(&shop, "sms"), "uncertain");
    assert_eq!(server.requests().len(), 1);
    let root = shop.superuser().await;
    let dead = dead_jobs(&root).await;
    assert_eq!(dead.len(), 1);
    assert!(dead[0]["last_error"].as_str().unwrap().starts_with("uncertain: "), "{}", dead[0]["last_error"]);

    // An administrator replays the job.
    let replay = format!("/api/jobs/{}/replay/", dead[0]["id"].as_str().unwrap());
    root.post(&replay, json!({})).await.expect(200);
    shop.run_jobs().await;
    assert_eq!((state(&shop, "sms").as_str(), server.requests().len()), ("sent", 2));
}

#[actix_web::test]
async fn retry_after_of_the_provider_is_respected() {
    let server = FakeHttp::start([HttpResponse::empty(503, &[("Retry-After", "600")]), queued()]).await;
    let shop = shop_with_twilio(&server).await;
    order_of_ana(&shop).await;

    shop.run_jobs().await;
    shop.advance(TimeDelta::seconds(570));
    shop.run_jobs().await;
    assert_eq!((state(&shop, "sms").as_str(), server.requests().len()), ("pending", 1));
    shop.advance(TimeDelta::seconds(40));
    shop.run_jobs().await;

    assert_eq!((state(&shop, "sms").as_str(), server.requests().len()), ("sent", 2));
}

#[actix_web::test]
async fn worker_crash_while_sending_leaves_message_uncertain() {
    let server = FakeHttp::start([queued(), queued()]).await;
    let shop = shop_with_twilio(&server).await;
    let root = shop.superuser().await;
    order_of_ana(&shop).await;
    shop.run_jobs().await;
    kill_worker_while_sending(&shop, "sms");

    // The next worker takes over the job after its lease has expired.
    shop.run_jobs().await;

    assert_eq!(state(&shop, "sms"), "uncertain");
    assert_eq!(server.requests().len(), 1);
    let dead = dead_jobs(&root).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["last_error"], "uncertain: the worker stopped while it was sending the message");
}

#[actix_web::test]
async fn worker_crash_while_writing_mail_file_is_retried() {
    let shop = TestShop::new().await;
    order_of_ana(&shop).await;
    shop.run_jobs().await;
    kill_worker_while_sending(&shop, "email");

    shop.run_jobs().await;

    assert_eq!(state(&shop, "email"), "sent");
    assert_eq!(shop.mails().len(), 2, "the same files were overwritten");
    assert_eq!(shop.number("select count(*) from jobs where state <> 'done'"), 0);
}

#[actix_web::test]
async fn mail_connection_lost_during_content_is_not_retried() {
    let server = FakeSmtp::with_reactions([(Step::Content, Reaction::Disconnect)]).await;
    let shop = shop_with_smtp(&server).await;
    order_of_ana(&shop).await;

    shop.run_jobs().await;
    server.recover();
    shop.advance(TimeDelta::days(30));
    shop.run_jobs().await;

    assert_eq!(state(&shop, "email"), "uncertain");
    assert_eq!(server.recorded().mails.len(), 2, "each was sent once");
    let root = shop.superuser().await;
    assert_eq!(dead_jobs(&root).await.len(), 2);
}
