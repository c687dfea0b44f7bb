//! Overload: a request is rejected at once if the queue for a database connection is full.

use futures_util::FutureExt;
use futures_util::future::join_all;
use mercer::platform::error::Problem;
use serde_json::json;

use crate::support::TestShop;
use crate::support::connections::occupy_connection;

/// Length of the queue with two connections, as in `src/platform/db`.
const QUEUE_LENGTH: usize = 2 * 64;

#[actix_web::test]
async fn full_queue_returns_503_immediately() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let staff = shop.staff().await;
    let db = shop.app.db.clone();
    let holders = [occupy_connection(&db).await, occupy_connection(&db).await];
    let waiting =
        (0..QUEUE_LENGTH).map(|_| db.read(|conn| diesel::RunQueryDsl::execute(diesel::sql_query("select 1"), conn)));
    let mut waiting = Box::pin(join_all(waiting));
    assert!((&mut waiting).now_or_never().is_none(), "all queries wait");

    // The response is ready at the first poll.
    let read = shop.anonymous().get("/api/products/").now_or_never();
    let rejected = db.write(|_| Ok::<_, Problem>(())).now_or_never();

    let read = read.unwrap();
    assert_eq!(read.header("retry-after"), Some("1"));
    let body = read.expect(503);
    let expected = json!({
        "detail": "Service temporarily unavailable, try again later.", "code": "service_unavailable",
        "request_id": body["request_id"],
    });
    assert_eq!(body, expected);
    assert_eq!(rejected.unwrap().unwrap_err().status(), 503);
    // Waiting and later requests are served.
    drop(holders);
    assert!(waiting.await.iter().all(Result::is_ok));
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn rejected_requests_do_not_change_the_queue() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let db = shop.app.db.clone();
    let holders = [occupy_connection(&db).await, occupy_connection(&db).await];
    let waiting = (0..QUEUE_LENGTH - 1).map(|_| db.read(|_| Ok::<_, Problem>(())));
    let mut waiting = Box::pin(join_all(waiting));
    assert!((&mut waiting).now_or_never().is_none());

    let mut last = Box::pin(db.read(|_| Ok::<_, Problem>(())));
    assert!((&mut last).now_or_never().is_none(), "one place is free");
    for _ in 0..3 {
        assert!(db.read(|_| Ok::<_, Problem>(())).now_or_never().is_some(), "the queue is full");
    }
    // A cancelled request frees its place.
    drop(last);
    let mut next = Box::pin(db.read(|_| Ok::<_, Problem>(())));
    assert!((&mut next).now_or_never().is_none());

    drop(holders);
    assert!(waiting.await.iter().all(Result::is_ok));
    next.await.unwrap();
}
