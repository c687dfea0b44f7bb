//! Twins at once: one is done, the others hear its answer or that it is under way.

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::json;

use super::{assert_same, guest_order, in_use, is_replayed, keyed, orders, stored};
use crate::support::builders::order_of;
use crate::support::{Client, TestResponse, TestShop};

/// A connection in whose way every order stands until it is dropped.
fn roadblock(shop: &TestShop) -> PgConnection {
    let mut conn = shop.database.connect();
    conn.batch_execute("begin; lock table order_history in exclusive mode").unwrap();
    conn
}

/// One was answered, those who came later heard the same, those who came meanwhile were told to wait.
#[track_caller]
fn assert_one_done(answers: &[TestResponse]) {
    let (done, waiting): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(done.iter().filter(|answer| !is_replayed(answer)).count(), 1, "{answers:?}");
    for answer in &done {
        assert_same(done[0], answer);
    }
    for answer in waiting {
        assert_eq!(answer.expect(409), in_use());
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}

#[actix_web::test]
async fn twenty_twins_place_one_order() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "30")]).await;
    let ana = keyed(&shop.customer("ana").await.client, "1");
    let mug = shop.product("Mug").stock(100).create();
    let body = order_of(&[(&mug, 1)]);

    let answers = join_all((0..20).map(|_| ana.post("/api/orders/", body.clone()))).await;
    assert_one_done(&answers);
    let late = ana.post("/api/orders/", body).await;

    assert!(is_replayed(&late));
    assert_same(answers.iter().find(|answer| answer.status == 201).unwrap(), &late);
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (1, 1, (100, 1)));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn twenty_twins_at_two_programs_place_one_order() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "30")]).await;
    let mug = shop.product("Mug").stock(100).create();
    let programs = [shop.anonymous(), shop.another_program().await].map(|guest| keyed(&guest, "1"));
    for round in 0..3 {
        let body = guest_order(&format!("guest{round}@example.com"), &[(&mug, 1)]);

        let twins = programs.iter().cycle().take(20);
        let answers = join_all(twins.map(|program| program.post("/api/orders/", body.clone()))).await;

        assert_one_done(&answers);
        for program in &programs {
            assert!(is_replayed(&program.post("/api/orders/", body.clone()).await), "each program knows the answer");
        }
        assert_eq!(orders(&shop), round + 1);
    }
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_twin_is_told_at_once_wherever_it_comes_while_the_first_one_runs() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let [here, there] = [shop.anonymous(), shop.another_program().await].map(|guest| keyed(&guest, "1"));
    let roadblock = roadblock(&shop);

    let first = actix_web::rt::spawn({
        let (here, body) = (here.clone(), body.clone());
        async move { here.post("/api/orders/", body).await }
    });
    shop.until_somebody_waits().await;
    for program in [&here, &there] {
        let twin = program.post("/api/orders/", body.clone()).await;
        assert_eq!(twin.expect(409), in_use());
        assert_eq!(twin.header("retry-after"), Some("1"));
    }
    let other = there.post("/api/orders/", guest_order("guest@example.com", &[(&mug, 2)])).await;
    assert_eq!(other.expect(409), in_use(), "nobody knows yet that it is another request");
    drop(roadblock);

    let first = first.await.unwrap();
    first.expect(201);
    let again = there.post("/api/orders/", body).await;
    assert!(is_replayed(&again));
    assert_same(&first, &again);
    assert_eq!(orders(&shop), 1);
}

#[actix_web::test]
async fn other_keys_do_not_wait_for_each_other() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "20")]).await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(100).create();
    let clients: Vec<Client> = (0..15).map(|number| keyed(&ana, &number.to_string())).collect();

    let answers = join_all(clients.iter().map(|client| client.post("/api/orders/", order_of(&[(&mug, 1)])))).await;

    assert!(answers.iter().all(|answer| answer.status == 201 && !is_replayed(answer)));
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (15, 15, (100, 15)));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn of_twins_that_are_refused_all_hear_one_refusal() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "20")]).await;
    let ana = keyed(&shop.customer("ana").await.client, "1");
    let mug = shop.product("Mug").stock(0).create();

    let answers = join_all((0..10).map(|_| ana.post("/api/orders/", order_of(&[(&mug, 1)])))).await;

    let codes: Vec<_> = answers.iter().map(|answer| answer.expect(409)["code"].clone()).collect();
    assert!(
        codes.iter().all(|code| [json!("out_of_stock"), json!("idempotency_key_in_use")].contains(code)),
        "{codes:?}"
    );
    let refused = answers.iter().filter(|answer| answer.json()["code"] == "out_of_stock");
    assert_eq!(refused.filter(|answer| !is_replayed(answer)).count(), 1);
    assert_eq!((orders(&shop), stored(&shop)), (0, 1));
}
