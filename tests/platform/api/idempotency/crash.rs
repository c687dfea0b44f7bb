//! Between the effect and the answer: the client goes away, or the whole program does.

use std::io::{BufRead, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{guest_order, is_replayed, keyed, orders, stored};
use crate::support::shop::stranger_to;
use crate::support::{Client, TestResponse, TestShop};

const KEY: &str = "order-1";

/// Lets no order come to its end until it is dropped.
fn roadblock(shop: &TestShop) -> PgConnection {
    let mut conn = shop.database.connect();
    conn.batch_execute("begin; lock table order_history in exclusive mode").unwrap();
    conn
}

async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came about");
}

/// Sends an order again until nobody else is at it.
async fn retry(client: &Client, body: &Value) -> TestResponse {
    loop {
        let answer = client.post("/api/orders/", body.clone()).await;
        if answer.status != 409 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One guest's order, done once: its answer is the stored one.
#[track_caller]
fn assert_done_once(shop: &TestShop, answer: &TestResponse) {
    assert!(is_replayed(answer), "{answer:?}");
    answer.expect(201);
    assert!(answer.header("x-order-token").is_some());
    assert_eq!((orders(shop), stored(shop)), (1, 1));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_request_that_nobody_waits_for_any_more_is_finished_and_its_answer_kept() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), KEY);
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let blocked = roadblock(&shop);

    let request = actix_web::rt::spawn({
        let (guest, body) = (guest.clone(), body.clone());
        async move { guest.post("/api/orders/", body).await }
    });
    shop.until_somebody_waits().await;
    request.abort();
    assert!(request.await.is_err(), "the answer is nobody's");
    let twin = guest.post("/api/orders/", body.clone()).await;
    assert_eq!(twin.status, 409, "it runs on all the same");
    drop(blocked);
    until(|| stored(&shop) == 1).await;

    assert_done_once(&shop, &retry(&guest, &body).await);
}

/// The request as it goes over the wire.
fn on_the_wire(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST /api/orders/ HTTP/1.1\r\nhost: shop\r\nidempotency-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[actix_web::test]
async fn a_client_whose_connection_breaks_after_sending_finds_its_order_by_the_key() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let blocked = roadblock(&shop);

    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(on_the_wire(&body).as_bytes()).await.unwrap();
    shop.until_somebody_waits().await;
    drop(connection);
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(blocked);
    until(|| stored(&shop) == 1).await;

    assert_done_once(&shop, &retry(&keyed(&shop.anonymous(), KEY), &body).await);
}

#[actix_web::test]
async fn connections_that_break_at_any_moment_never_make_a_second_order() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let mug = shop.product("Mug").stock(100).create();
    for round in 0..10 {
        let body = guest_order(&format!("guest{round}@example.com"), &[(&mug, 1)]);

        let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
        connection.write_all(on_the_wire(&body).as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 4)).await;
        drop(connection);

        retry(&keyed(&shop.anonymous(), KEY), &body).await.expect(201);
        assert_eq!(orders(&shop), round + 1);
    }
    shop.assert_books_balance();
}

/// Not a test: a program that answers one request and is killed before it can tell. It is told the database's URL and
/// the order on standard input.
#[actix_web::test]
#[ignore = "runs as a child of the tests below"]
async fn child_that_places_an_order_and_tells_nobody() {
    let lines: Vec<String> = std::io::stdin().lock().lines().take(2).map(Result::unwrap).collect();
    let folder = tempfile::TempDir::new().unwrap();
    let guest = keyed(&stranger_to(&lines[0], folder.path()).await, KEY);

    guest.post("/api/orders/", serde_json::from_str(&lines[1]).unwrap()).await;

    std::future::pending::<()>().await;
}

fn program(shop: &TestShop, body: &Value) -> Child {
    let name = "platform::api::idempotency::crash::child_that_places_an_order_and_tells_nobody";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}\n{body}", shop.database.url).unwrap();
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[actix_web::test]
async fn a_program_that_dies_with_the_answer_on_its_lips_has_left_it_for_the_next() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);

    let child = program(&shop, &body);
    until(|| stored(&shop) == 1).await;
    kill(child);

    assert_done_once(&shop, &keyed(&shop.anonymous(), KEY).post("/api/orders/", body).await);
}

#[actix_web::test]
async fn a_program_that_dies_in_the_middle_has_done_nothing() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), KEY);
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let books = shop.books();
    let blocked = roadblock(&shop);

    let child = program(&shop, &body);
    shop.until_somebody_waits().await;
    kill(child);
    drop(blocked);

    let answer = retry(&guest, &body).await;
    assert!(answer.status == 201 && !is_replayed(&answer), "{answer:?}");
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (1, 1, (10, 1)));
    assert_ne!(shop.books(), books);
    shop.assert_books_balance();
}
