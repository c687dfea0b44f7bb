//! The chain worker: one is active at a time, concurrently with writes.

use std::time::Duration;

use futures_util::future::join_all;
use mercer::platform::audit::{AuditObject, Changes, append_chain_links, record, run_chain_worker, verify};
use mercer::platform::error::Problem;
use serde_json::json;
use tokio::sync::watch;

use super::chain_all;
use crate::support::TestShop;

async fn write(shop: &TestShop, number: usize) {
    let context = shop.app.system_context();
    let changes = move || Changes::created(&json!({"number": number}));
    let write = shop.app.db.write(move |conn| {
        record(conn, &context, "test.done", AuditObject::new("test", number), changes()).map_err(Problem::from)
    });
    write.await.unwrap();
}

#[actix_web::test]
async fn concurrent_writers_and_two_workers_build_one_chain() {
    let shop = TestShop::new().await;
    let (stop, stopped) = watch::channel(false);
    let workers = [(); 2].map(|()| tokio::spawn(run_chain_worker(shop.app.clone(), stopped.clone())));

    for round in 0..4 {
        join_all((0..50).map(|number| write(&shop, round * 50 + number))).await;
    }
    while shop.number("select count(*) from audit_unsealed") > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    join_all(workers).await;

    let key = &shop.app.master_key;
    let verified = shop.app.db.write_blocking(|conn| verify(conn, key, None)).unwrap().unwrap();
    assert_eq!((verified.head.position, verified.waiting), (200, 0));
}

#[actix_web::test]
async fn second_worker_does_nothing_while_the_first_is_active() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    write(&shop, 1).await;
    let mut other = shop.database.connect();
    let append = |conn: &mut PgConnection| append_chain_links(conn, &shop.app.master_key, 10);

    other
        .transaction(|conn| {
            assert_eq!(append(conn).unwrap(), 1);
            assert_eq!(shop.app.db.write_blocking(append).unwrap(), 0);
            Ok::<_, diesel::result::Error>(())
        })
        .unwrap();

    assert_eq!(shop.number("select count(*) from audit_chain"), 1);
}

#[actix_web::test]
async fn entry_of_a_rolled_back_transaction_is_never_chained() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    chain_all(&shop);
    let chained = shop.number("select count(*) from audit_chain");

    shop.category("Mugs", None);
    let rejected = staff.post("/api/categories/", json!({"name": "Mugs again", "slug": "mugs"})).await;
    assert_eq!(rejected.status, 400);
    chain_all(&shop);

    assert_eq!(shop.number("select count(*) from audit_chain"), chained + 1);
}

#[actix_web::test]
async fn every_entry_is_signed() {
    let shop = TestShop::new().await;
    let context = shop.app.system_context();

    record(&mut shop.database.connect(), &context, "x.done", AuditObject::new("x", "1"), Changes::none()).unwrap();

    let signed = "select count(*) from audit_entries where length(mac) = 32";
    assert_eq!(shop.number(signed), 1);
}
