//! When the shop itself is at fault.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::connections::hold_a_connection;
use crate::support::fakes::CapturedLog;

#[actix_web::test]
async fn an_exhausted_pool_is_told_and_gets_over_it() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let holders = [hold_a_connection(&shop.app.db).await, hold_a_connection(&shop.app.db).await];

    let answer = shop.anonymous().get("/api/products/").await;

    assert_eq!(answer.header("retry-after"), Some("1"));
    let body = answer.expect(503);
    assert_eq!(
        body,
        json!({
            "detail": "Service temporarily unavailable, try again later.", "code": "service_unavailable",
            "request_id": body["request_id"],
        })
    );
    drop(holders);
    assert_eq!(shop.anonymous().get("/api/products/").await.status, 200);
}

#[actix_web::test]
async fn what_needs_no_database_is_served_without_one() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let _holders = [hold_a_connection(&shop.app.db).await, hold_a_connection(&shop.app.db).await];
    let anybody = shop.anonymous();

    for url in ["/health/live", "/api/schema/", "/api/docs/", "/.well-known/jwks.json"] {
        assert_eq!(anybody.get(url).await.status, 200, "{url}");
    }
}

#[actix_web::test]
async fn a_fault_of_ours_tells_the_client_an_id_and_the_log_the_cause() {
    let shop = TestShop::new().await;
    shop.execute("alter table categories rename to gone");
    let log = CapturedLog::start();

    let answer = shop.anonymous().get("/api/categories/").await;

    let body = answer.expect(500);
    let id = body["request_id"].as_str().unwrap();
    assert_eq!(body, json!({"detail": "A server error occurred.", "code": "error", "request_id": id}));
    assert_eq!(id.len(), 36);
    let text = log.text();
    let told: Vec<_> = text.lines().filter(|line| line.contains("ERROR") && line.contains(id)).collect();
    assert_eq!(told.len(), 1, "{text}");
    assert!(told[0].contains("relation \"categories\" does not exist"), "{}", told[0]);
}

#[actix_web::test]
async fn two_faults_have_two_ids() {
    let shop = TestShop::new().await;
    shop.execute("alter table categories rename to gone");
    let id = async || -> Value { shop.anonymous().get("/api/categories/").await.expect(500)["request_id"].clone() };

    assert_ne!(id().await, id().await);
}

#[actix_web::test]
async fn a_refusal_of_the_client_is_no_error_in_the_log() {
    let shop = TestShop::new().await;
    let log = CapturedLog::start();

    shop.anonymous().get("/api/nothing/").await.expect(404);
    shop.anonymous().post("/api/auth/login/", json!({})).await.expect(400);

    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[actix_web::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let shop = TestShop::new().await;

    let slow = |conn: &mut diesel::PgConnection| {
        diesel::RunQueryDsl::execute(diesel::sql_query("set statement_timeout = '20ms'"), conn)?;
        let result = diesel::RunQueryDsl::execute(diesel::sql_query("select pg_sleep(10)"), conn);
        diesel::RunQueryDsl::execute(diesel::sql_query("set statement_timeout = '15s'"), conn)?;
        result
    };
    let problem = shop.app.db.read(slow).await.unwrap_err();

    assert_eq!(problem.status(), 503);
}
