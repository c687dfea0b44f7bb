//! Concurrency limit: one client with many slow requests.

use std::pin::Pin;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use futures_util::FutureExt;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{read, shop};
use crate::support::{Client, TestResponse, TestShop};

/// Blocks all reads of products until the connection is dropped.
fn lock_products(shop: &TestShop) -> PgConnection {
    let mut lock = PgConnection::establish(&shop.database.url).unwrap();
    lock.batch_execute("begin; lock table products in access exclusive mode").unwrap();
    lock
}

/// Starts a request whose query waits for the lock.
async fn slow<'a>(shop: &TestShop, client: &'a Client) -> Pin<Box<dyn Future<Output = TestResponse> + 'a>> {
    let waiting = || {
        shop.number(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
    };
    let before = waiting();
    let mut request: Pin<Box<dyn Future<Output = TestResponse>>> = Box::pin(read(client));
    while waiting() == before {
        assert!((&mut request).now_or_never().is_none(), "the request does not wait");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    request
}

/// Sends a request that does not read products.
async fn quick(client: &Client) -> TestResponse {
    client.get("/api/channels/").await
}

#[track_caller]
fn assert_too_many(response: &TestResponse) {
    let expected = json!({"detail": "Request was throttled. Expected available in 1 second.", "code": "throttled"});
    assert_eq!(response.expect(429), expected);
    assert_eq!(response.header("retry-after"), Some("1"));
}

#[actix_web::test]
async fn client_with_slow_requests_leaves_connections_to_others() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "2"), ("DATABASE_POOL_SIZE", "3"), ("THROTTLE_ANON", "100/h")]).await;
    let guest = shop.anonymous();
    let lock = lock_products(&shop);
    let started = [slow(&shop, &guest).await, slow(&shop, &guest).await];

    let rejected = quick(&guest).await;

    assert_too_many(&rejected);
    // The response has the rate-limit headers, although the rate is not exceeded.
    assert_eq!(rejected.header("ratelimit"), Some("\"anon\";r=97;t=36"));
    assert_eq!(quick(&guest.at("192.0.2.1")).await.status, 200);
    drop(lock);
    for request in started {
        assert_eq!(request.await.status, 200);
    }
    assert_eq!(quick(&guest).await.status, 200);
}

#[actix_web::test]
async fn user_is_one_client_at_all_addresses() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "1"), ("DATABASE_POOL_SIZE", "3")]).await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let lock = lock_products(&shop);
    let started = slow(&shop, &ana).await;

    assert_too_many(&quick(&ana.at("192.0.2.1")).await);

    assert_eq!(quick(&ben).await.status, 200);
    assert_eq!(quick(&shop.anonymous()).await.status, 200);
    drop(lock);
    assert_eq!(started.await.status, 200);
}

#[actix_web::test]
async fn query_of_a_disconnected_client_counts_until_it_ends() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "1"), ("DATABASE_POOL_SIZE", "3")]).await;
    let guest = shop.anonymous();
    let lock = lock_products(&shop);
    let started = slow(&shop, &guest).await;

    drop(started);

    assert_too_many(&quick(&guest).await);
    drop(lock);
    assert_eq!(quick(&guest).await.status, 200);
}
