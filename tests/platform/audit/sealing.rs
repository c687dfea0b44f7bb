//! The sealer: one at a time, while everybody writes.

use std::time::Duration;

use futures_util::future::join_all;
use mercer::platform::audit::{Changes, Origin, record, seal, seal_batch, verify};
use mercer::platform::error::Problem;
use serde_json::json;
use tokio::sync::watch;

use super::seal_all;
use crate::support::TestShop;

async fn write(shop: &TestShop, number: usize) {
    let origin = Origin::system(shop.app.clock.now());
    let told = move || Changes::created(&json!({"number": number}));
    let write = shop.app.db.write(move |conn| {
        record(conn, &origin, "test.done", ("test", number.to_string()), told()).map_err(Problem::from)
    });
    write.await.unwrap();
}

#[actix_web::test]
async fn fifty_writers_and_two_sealers_make_one_chain() {
    let shop = TestShop::new().await;
    let (stop, stopped) = watch::channel(false);
    let sealers = [(); 2].map(|()| tokio::spawn(seal(shop.app.clone(), stopped.clone())));

    for round in 0..4 {
        join_all((0..50).map(|number| write(&shop, round * 50 + number))).await;
    }
    while shop.number("select count(*) from audit_unsealed") > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    join_all(sealers).await;

    let key = &shop.app.master_key;
    let verified = shop.app.db.write_blocking(|conn| verify(conn, key, None)).unwrap().unwrap();
    assert_eq!((verified.head.position, verified.waiting), (200, 0));
}

#[actix_web::test]
async fn a_sealer_stands_back_while_another_is_at_work() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    write(&shop, 1).await;
    let mut other = shop.database.connect();
    let seal = |conn: &mut PgConnection| seal_batch(conn, &shop.app.master_key, 10);

    other
        .transaction(|conn| {
            assert_eq!(seal(conn).unwrap(), 1);
            assert_eq!(shop.app.db.write_blocking(seal).unwrap(), 0);
            Ok::<_, diesel::result::Error>(())
        })
        .unwrap();

    assert_eq!(shop.number("select count(*) from audit_chain"), 1);
}

#[actix_web::test]
async fn an_entry_whose_transaction_is_lost_is_never_sealed() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    seal_all(&shop);
    let sealed = shop.number("select count(*) from audit_chain");

    shop.category("Mugs", None);
    let refused = staff.post("/api/categories/", json!({"name": "Mugs again", "slug": "mugs"})).await;
    assert_eq!(refused.status, 400);
    seal_all(&shop);

    assert_eq!(shop.number("select count(*) from audit_chain"), sealed + 1);
}

#[actix_web::test]
async fn nothing_is_written_that_is_not_signed() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    let origin = Origin::system(shop.app.clock.now());
    let refused = record(&mut shop.database.connect(), &origin, "x.done", ("x", "1".to_owned()), Changes::none());
    assert!(matches!(refused, Err(diesel::result::Error::SerializationError(_))), "{refused:?}");
    let entries: i64 = shop.sql(|conn| mercer::schema::audit_entries::table.count().get_result(conn));
    assert_eq!(entries, 0);
}
