//! More work than places to wait: who would only be late is turned away at once.

use futures_util::FutureExt;
use futures_util::future::join_all;
use mercer::platform::error::Problem;
use serde_json::json;

use crate::support::TestShop;
use crate::support::connections::hold_a_connection;

/// As `src/platform/db` has it: so many wait for each connection.
const PLACES: usize = 2 * 64;

#[actix_web::test]
async fn where_no_place_to_wait_is_left_the_answer_is_503_at_once() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let staff = shop.staff().await;
    let db = shop.app.db.clone();
    let holders = [hold_a_connection(&db).await, hold_a_connection(&db).await];
    let waiting =
        (0..PLACES).map(|_| db.read(|conn| diesel::RunQueryDsl::execute(diesel::sql_query("select 1"), conn)));
    let mut waiting = Box::pin(join_all(waiting));
    assert!((&mut waiting).now_or_never().is_none(), "all of them wait");

    // Nothing is waited for: the answer is there when it is first looked for.
    let read = shop.anonymous().get("/api/products/").now_or_never();
    let turned_away = db.write(|_| Ok::<_, Problem>(())).now_or_never();

    let read = read.unwrap();
    assert_eq!(read.header("retry-after"), Some("1"));
    let body = read.expect(503);
    let told = json!({
        "detail": "Service temporarily unavailable, try again later.", "code": "service_unavailable",
        "request_id": body["request_id"],
    });
    assert_eq!(body, told);
    assert_eq!(turned_away.unwrap().unwrap_err().status(), 503);
    // Those who wait are served, and afterwards everybody is.
    drop(holders);
    assert!(waiting.await.iter().all(Result::is_ok));
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn what_is_turned_away_frees_no_place_and_takes_none() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let db = shop.app.db.clone();
    let holders = [hold_a_connection(&db).await, hold_a_connection(&db).await];
    let waiting = (0..PLACES - 1).map(|_| db.read(|_| Ok::<_, Problem>(())));
    let mut waiting = Box::pin(join_all(waiting));
    assert!((&mut waiting).now_or_never().is_none());

    let mut last = Box::pin(db.read(|_| Ok::<_, Problem>(())));
    assert!((&mut last).now_or_never().is_none(), "one place was left");
    for _ in 0..3 {
        assert!(db.read(|_| Ok::<_, Problem>(())).now_or_never().is_some(), "none is left");
    }
    // Who goes away leaves their place to another.
    drop(last);
    let mut next = Box::pin(db.read(|_| Ok::<_, Problem>(())));
    assert!((&mut next).now_or_never().is_none());

    drop(holders);
    assert!(waiting.await.iter().all(Result::is_ok));
    next.await.unwrap();
}
