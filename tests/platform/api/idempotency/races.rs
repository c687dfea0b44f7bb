//! Concurrent requests with one key: one is executed, the others return its response or 409.

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::json;

use super::{assert_same, guest_order, in_use, is_replayed, keyed, orders, stored};
use crate::support::builders::order_body;
use crate::support::{Client, TestResponse, TestShop};

/// Blocks the completion of all orders until the connection is dropped.
fn block_orders(shop: &TestShop) -> PgConnection {
    let mut conn = shop.database.connect();
    conn.batch_execute("begin; lock table order_history in exclusive mode").unwrap();
    conn
}

/// Asserts that one request was executed, and that all others returned its response or 409.
#[track_caller]
fn assert_one_done(responses: &[TestResponse]) {
    let (done, waiting): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 201);
    assert_eq!(done.iter().filter(|response| !is_replayed(response)).count(), 1, "{responses:?}");
    for response in &done {
        assert_same(done[0], response);
    }
    for response in waiting {
        assert_eq!(response.expect(409), in_use());
        assert_eq!(response.header("retry-after"), Some("1"));
    }
}

#[actix_web::test]
async fn concurrent_requests_with_one_key_place_one_order() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "30")]).await;
    let ana = keyed(&shop.customer("ana").await.client, "1");
    let mug = shop.product("Mug").stock(100).create();
    let body = order_body(&[(&mug, 1)]);

    let responses = join_all((0..20).map(|_| ana.post("/api/orders/", body.clone()))).await;
    assert_one_done(&responses);
    let late = ana.post("/api/orders/", body).await;

    assert!(is_replayed(&late));
    assert_same(responses.iter().find(|response| response.status == 201).unwrap(), &late);
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (1, 1, (100, 1)));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_requests_at_two_processes_place_one_order() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "30")]).await;
    let mug = shop.product("Mug").stock(100).create();
    let processes = [shop.anonymous(), shop.second_process().await].map(|guest| keyed(&guest, "1"));
    for round in 0..3 {
        let body = guest_order(&format!("guest{round}@example.com"), &[(&mug, 1)]);

        let repetitions = processes.iter().cycle().take(20);
        let responses = join_all(repetitions.map(|process| process.post("/api/orders/", body.clone()))).await;

        assert_one_done(&responses);
        for process in &processes {
            assert!(
                is_replayed(&process.post("/api/orders/", body.clone()).await),
                "each process replays the response"
            );
        }
        assert_eq!(orders(&shop), round + 1);
    }
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn repetition_of_a_running_request_is_409() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let [first_process, second_process] =
        [shop.anonymous(), shop.second_process().await].map(|guest| keyed(&guest, "1"));
    let block_orders = block_orders(&shop);

    let first = actix_web::rt::spawn({
        let (first_process, body) = (first_process.clone(), body.clone());
        async move { first_process.post("/api/orders/", body).await }
    });
    shop.wait_for_blocked_statement().await;
    for process in [&first_process, &second_process] {
        let repetition = process.post("/api/orders/", body.clone()).await;
        assert_eq!(repetition.expect(409), in_use());
        assert_eq!(repetition.header("retry-after"), Some("1"));
    }
    let other = first_process.post("/api/orders/", guest_order("guest@example.com", &[(&mug, 2)])).await;
    assert_eq!(other.expect(409), in_use(), "the difference is not known before the first one completes");
    drop(block_orders);

    let first = first.await.unwrap();
    first.expect(201);
    let again = first_process.post("/api/orders/", body).await;
    assert!(is_replayed(&again));
    assert_same(&first, &again);
    assert_eq!(orders(&shop), 1);
}

#[actix_web::test]
async fn different_keys_do_not_block_each_other() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "20")]).await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(100).create();
    let clients: Vec<Client> = (0..15).map(|number| keyed(&ana, &number.to_string())).collect();

    let responses = join_all(clients.iter().map(|client| client.post("/api/orders/", order_body(&[(&mug, 1)])))).await;

    assert!(responses.iter().all(|response| response.status == 201 && !is_replayed(response)));
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (15, 15, (100, 15)));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_rejected_requests_return_the_same_error() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "20")]).await;
    let ana = keyed(&shop.customer("ana").await.client, "1");
    let mug = shop.product("Mug").stock(0).create();

    let responses = join_all((0..10).map(|_| ana.post("/api/orders/", order_body(&[(&mug, 1)])))).await;

    let codes: Vec<_> = responses.iter().map(|response| response.expect(409)["code"].clone()).collect();
    assert!(
        codes.iter().all(|code| [json!("out_of_stock"), json!("idempotency_key_in_use")].contains(code)),
        "{codes:?}"
    );
    let rejected = responses.iter().filter(|response| response.json()["code"] == "out_of_stock");
    assert_eq!(rejected.filter(|response| !is_replayed(response)).count(), 1);
    assert_eq!((orders(&shop), stored(&shop)), (0, 1));
}
