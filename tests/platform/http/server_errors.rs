//! Server errors: exhausted pool, database errors, timeouts.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::connections::occupy_connection;
use crate::support::fakes::CapturedLog;

#[actix_web::test]
async fn exhausted_pool_returns_503_and_recovers() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let holders = [occupy_connection(&shop.app.db).await, occupy_connection(&shop.app.db).await];

    let response = shop.anonymous().get("/api/products/").await;

    assert_eq!(response.header("retry-after"), Some("1"));
    let body = response.expect(503);
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
async fn endpoints_without_database_access_work_with_an_exhausted_pool() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let _holders = [occupy_connection(&shop.app.db).await, occupy_connection(&shop.app.db).await];
    let guest = shop.anonymous();

    for url in ["/health/live", "/api/schema/", "/api/docs/", "/.well-known/jwks.json"] {
        assert_eq!(guest.get(url).await.status, 200, "{url}");
    }
}

#[actix_web::test]
async fn server_error_reveals_only_the_request_id_and_logs_the_cause() {
    let shop = TestShop::new().await;
    shop.execute("alter table categories rename to gone");
    let log = CapturedLog::start();

    let response = shop.anonymous().get("/api/categories/").await;

    let body = response.expect(500);
    let id = body["request_id"].as_str().unwrap();
    assert_eq!(body, json!({"detail": "A server error occurred.", "code": "error", "request_id": id}));
    assert_eq!(id.len(), 36);
    let text = log.text();
    let errors: Vec<_> = text.lines().filter(|line| line.contains("ERROR") && line.contains(id)).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].contains("relation \"categories\" does not exist"), "{}", errors[0]);
}

#[actix_web::test]
async fn each_server_error_has_its_own_request_id() {
    let shop = TestShop::new().await;
    shop.execute("alter table categories rename to gone");
    let id = async || -> Value { shop.anonymous().get("/api/categories/").await.expect(500)["request_id"].clone() };

    assert_ne!(id().await, id().await);
}

#[actix_web::test]
async fn client_errors_are_not_logged_as_errors() {
    let shop = TestShop::new().await;
    let log = CapturedLog::start();

    shop.anonymous().get("/api/nothing/").await.expect(404);
    shop.anonymous().post("/api/auth/login/", json!({})).await.expect(400);

    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[actix_web::test]
async fn statement_timeout_returns_503() {
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
