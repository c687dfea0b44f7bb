//! Disconnected clients and crashed processes between the effect and the response.

use std::io::{BufRead, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{guest_order, is_replayed, keyed, orders, stored};
use crate::support::shop::anonymous_client_of;
use crate::support::{Client, TestResponse, TestShop};

const KEY: &str = "order-1";

/// Blocks the completion of all orders until the connection is dropped.
fn block_orders(shop: &TestShop) -> PgConnection {
    let mut conn = shop.database.connect();
    conn.batch_execute("begin; lock table order_history in exclusive mode").unwrap();
    conn
}

async fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("timeout");
}

/// Repeats an order until no other request with its key is running.
async fn retry(client: &Client, body: &Value) -> TestResponse {
    loop {
        let response = client.post("/api/orders/", body.clone()).await;
        if response.status != 409 {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asserts that the order was placed once and that this response is its replay.
#[track_caller]
fn assert_done_once(shop: &TestShop, response: &TestResponse) {
    assert!(is_replayed(response), "{response:?}");
    response.expect(201);
    assert!(response.header("x-order-token").is_some());
    assert_eq!((orders(shop), stored(shop)), (1, 1));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn request_of_a_disconnected_client_completes_and_stores_its_response() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), KEY);
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let blocked = block_orders(&shop);

    let request = actix_web::rt::spawn({
        let (guest, body) = (guest.clone(), body.clone());
        async move { guest.post("/api/orders/", body).await }
    });
    shop.wait_for_blocked_statement().await;
    request.abort();
    assert!(request.await.is_err(), "the client has disconnected");
    let repetition = guest.post("/api/orders/", body.clone()).await;
    assert_eq!(repetition.status, 409, "the request is still running");
    drop(blocked);
    wait_until(|| stored(&shop) == 1).await;

    assert_done_once(&shop, &retry(&guest, &body).await);
}

/// Returns the raw HTTP request.
fn raw_request(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST /api/orders/ HTTP/1.1\r\nhost: shop\r\nidempotency-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[actix_web::test]
async fn client_that_disconnects_after_sending_can_retry_with_the_key() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let blocked = block_orders(&shop);

    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(raw_request(&body).as_bytes()).await.unwrap();
    shop.wait_for_blocked_statement().await;
    drop(connection);
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(blocked);
    wait_until(|| stored(&shop) == 1).await;

    assert_done_once(&shop, &retry(&keyed(&shop.anonymous(), KEY), &body).await);
}

#[actix_web::test]
async fn disconnections_never_create_a_second_order() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let mug = shop.product("Mug").stock(100).create();
    for round in 0..10 {
        let body = guest_order(&format!("guest{round}@example.com"), &[(&mug, 1)]);

        let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
        connection.write_all(raw_request(&body).as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 4)).await;
        drop(connection);

        retry(&keyed(&shop.anonymous(), KEY), &body).await.expect(201);
        assert_eq!(orders(&shop), round + 1);
    }
    shop.assert_records_are_consistent();
}

/// Not a test: a child process that executes one request and is killed before it sends the response. It reads the URL
/// of the database and the order from standard input.
#[actix_web::test]
#[ignore = "runs as a child of the tests below"]
async fn child_process_that_places_an_order_and_hangs() {
    let lines: Vec<String> = std::io::stdin().lock().lines().take(2).map(Result::unwrap).collect();
    let folder = tempfile::TempDir::new().unwrap();
    let guest = keyed(&anonymous_client_of(&lines[0], folder.path()).await, KEY);

    guest.post("/api/orders/", serde_json::from_str(&lines[1]).unwrap()).await;

    std::future::pending::<()>().await;
}

fn start_child(shop: &TestShop, body: &Value) -> Child {
    let name = "platform::api::idempotency::crash::child_process_that_places_an_order_and_hangs";
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
async fn response_is_replayed_if_the_process_crashes_after_the_commit() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);

    let child = start_child(&shop, &body);
    wait_until(|| stored(&shop) == 1).await;
    kill(child);

    assert_done_once(&shop, &keyed(&shop.anonymous(), KEY).post("/api/orders/", body).await);
}

#[actix_web::test]
async fn crash_before_the_commit_leaves_no_effect() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), KEY);
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let counts_before = shop.record_counts();
    let blocked = block_orders(&shop);

    let child = start_child(&shop, &body);
    shop.wait_for_blocked_statement().await;
    kill(child);
    drop(blocked);

    let response = retry(&guest, &body).await;
    assert!(response.status == 201 && !is_replayed(&response), "{response:?}");
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (1, 1, (10, 1)));
    assert_ne!(shop.record_counts(), counts_before);
    shop.assert_records_are_consistent();
}
