//! Health endpoints for operators and load balancers.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use mercer::platform::jobs::{NewJob, enqueue};
use mercer::platform::notify::DeliverMessage;
use mercer::platform::types::MessageId;
use serde_json::{Value, json};

use crate::support::TestShop;

/// Records a worker whose last heartbeat is this long ago.
fn record_heartbeat(shop: &TestShop, ago: TimeDelta) {
    let seen_at = shop.app.clock.now() - ago;
    shop.execute(&format!("insert into workers values (gen_random_uuid(), '{{}}', '{seen_at}', '{seen_at}')"));
}

fn enqueue_one(shop: &TestShop) {
    let now = shop.app.clock.now();
    let job = NewJob::new(&DeliverMessage { message: MessageId::generate() });
    shop.sql(|conn| enqueue(conn, job.as_ref().unwrap(), now));
}

async fn health(shop: &TestShop) -> Value {
    shop.anonymous().get("/health/").await.expect(200)
}

/// Closes all connections to the database and prevents new ones.
fn disconnect_database(shop: &TestShop) {
    let (address, options) = shop.database.url.split_once('?').unwrap_or((&shop.database.url, ""));
    let (server, name) = address.rsplit_once('/').unwrap();
    let mut conn = PgConnection::establish(&format!("{server}/postgres?{options}")).unwrap();
    conn.batch_execute(&format!(
        "alter database {name} with allow_connections false; \
         select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
    ))
    .unwrap();
}

#[actix_web::test]
async fn health_report_has_the_documented_keys() {
    let shop = TestShop::new().await;
    record_heartbeat(&shop, TimeDelta::seconds(30));

    assert_eq!(
        health(&shop).await,
        json!({
            "status": "healthy",
            "checks": {
                "database": {"status": "healthy"},
                "redis": {"status": "healthy", "is_configured": false},
                "workers": {
                    "status": "healthy", "alive": 1, "queue_depth": 0, "oldest_job": null, "dead_jobs": 0
                },
                "external_apis": {"status": "healthy", "email": "file", "sms": "log"},
            },
        })
    );
}

#[actix_web::test]
async fn shop_without_a_worker_is_degraded_but_ready() {
    let shop = TestShop::new().await;
    let status = async || health(&shop).await["status"].clone();
    assert_eq!(status().await, "degraded");

    // A worker with an old heartbeat does not count.
    record_heartbeat(&shop, TimeDelta::seconds(61));
    assert_eq!(status().await, "degraded");
    assert_eq!(health(&shop).await["checks"]["workers"]["alive"], 0);
    assert_eq!(shop.anonymous().get("/health/ready").await.status, 200);
}

#[actix_web::test]
async fn health_report_contains_the_queue_and_its_oldest_job() {
    let shop = TestShop::new().await;
    let before = shop.app.clock.now();
    enqueue_one(&shop);
    let after = shop.app.clock.now();
    enqueue_one(&shop);
    enqueue_one(&shop);
    shop.execute("update jobs set state = 'dead' where id = (select max(id::text)::uuid from jobs)");

    let workers = health(&shop).await["checks"]["workers"].clone();

    assert_eq!((&workers["queue_depth"], &workers["dead_jobs"]), (&json!(2), &json!(1)));
    let oldest: DateTime<Utc> = workers["oldest_job"].as_str().unwrap().parse().unwrap();
    assert!(before <= oldest && oldest <= after, "{oldest}");
}

#[actix_web::test]
async fn workers_are_degraded_if_a_job_waits_too_long() {
    let shop = TestShop::new().await;
    enqueue_one(&shop);
    record_heartbeat(&shop, TimeDelta::zero());
    assert_eq!(health(&shop).await["status"], "healthy");

    shop.advance(TimeDelta::seconds(301));
    record_heartbeat(&shop, TimeDelta::zero());

    let late = health(&shop).await;
    assert_eq!(late["status"], "degraded");
    assert_eq!(late["checks"]["workers"]["status"], "degraded");
}

#[actix_web::test]
async fn stopping_server_is_alive_but_not_ready() {
    let shop = TestShop::new().await;
    let client = shop.anonymous();
    assert_eq!(client.get("/health/ready").await.expect(200), json!({"status": "healthy"}));

    shop.app.is_ready.store(false, Ordering::Relaxed);

    assert_eq!(client.get("/health/ready").await.expect(503), json!({"status": "unhealthy"}));
    assert_eq!(client.get("/health/").await.expect(503)["status"], "unhealthy");
    assert_eq!(client.get("/health/live").await.expect(200), json!({"status": "healthy"}));
    // Running and new requests are still served.
    assert_eq!(client.get("/api/products/").await.status, 200);
}

#[actix_web::test]
async fn server_without_its_database_is_alive_but_not_ready() {
    let shop = TestShop::new().await;
    let client = shop.anonymous();
    disconnect_database(&shop);

    let (ready, health, list) =
        futures_util::join!(client.get("/health/ready"), client.get("/health/"), client.get("/api/products/"),);

    assert_eq!(ready.expect(503), json!({"status": "unhealthy"}));
    let health = health.expect(503);
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["checks"]["database"], json!({"status": "unhealthy"}));
    assert_eq!(list.header("retry-after"), Some("1"));
    assert_eq!(list.expect(503)["code"], "service_unavailable");
    assert_eq!(client.get("/health/live").await.status, 200);
}

#[actix_web::test]
async fn health_report_needs_no_token_and_contains_no_secrets() {
    let shop = TestShop::with_settings(&[
        ("SMS_PROVIDER", "twilio"),
        ("TWILIO_ACCOUNT_SID", "AC-sesame"),
        ("TWILIO_AUTH_TOKEN", "sesame"),
        ("TWILIO_FROM", "+15005550006"),
        ("SMTP_URL", "smtp://sesame:sesame@127.0.0.1:1"),
    ])
    .await;

    let page = health(&shop).await;

    let providers = &page["checks"]["external_apis"];
    assert_eq!((&providers["email"], &providers["sms"]), (&json!("smtp"), &json!("twilio")));
    assert!(!page.to_string().contains("sesame"), "{page}");
}
