//! One client with many requests at once, all of them slow.

use std::pin::Pin;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use futures_util::FutureExt;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{read, shop};
use crate::support::{Client, TestResponse, TestShop};

/// Until it is dropped, whoever reads products waits for PostgreSQL.
fn lock_products(shop: &TestShop) -> PgConnection {
    let mut lock = PgConnection::establish(&shop.database.url).unwrap();
    lock.batch_execute("begin; lock table products in access exclusive mode").unwrap();
    lock
}

/// A request whose query waits for the lock.
async fn slow<'a>(shop: &TestShop, client: &'a Client) -> Pin<Box<dyn Future<Output = TestResponse> + 'a>> {
    let waiting = || {
        shop.number(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
    };
    let before = waiting();
    let mut request: Pin<Box<dyn Future<Output = TestResponse>>> = Box::pin(read(client));
    while waiting() == before {
        assert!((&mut request).now_or_never().is_none(), "it does not wait");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    request
}

/// A request that asks nothing of products.
async fn quick(client: &Client) -> TestResponse {
    client.get("/api/channels/").await
}

#[track_caller]
fn assert_too_many(answer: &TestResponse) {
    let told = json!({"detail": "Request was throttled. Expected available in 1 second.", "code": "throttled"});
    assert_eq!(answer.expect(429), told);
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[actix_web::test]
async fn a_client_with_many_slow_requests_leaves_a_connection_to_others() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "2"), ("DATABASE_POOL_SIZE", "3"), ("THROTTLE_ANON", "100/h")]).await;
    let anybody = shop.anonymous();
    let lock = lock_products(&shop);
    let begun = [slow(&shop, &anybody).await, slow(&shop, &anybody).await];

    let refused = quick(&anybody).await;

    assert_too_many(&refused);
    // The rate is told, too: it is not what was too much.
    assert_eq!(refused.header("ratelimit"), Some("\"anon\";r=97;t=36"));
    assert_eq!(quick(&anybody.at("192.0.2.1")).await.status, 200);
    drop(lock);
    for request in begun {
        assert_eq!(request.await.status, 200);
    }
    assert_eq!(quick(&anybody).await.status, 200);
}

#[actix_web::test]
async fn whoever_is_signed_in_is_one_client_at_all_addresses() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "1"), ("DATABASE_POOL_SIZE", "3")]).await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let lock = lock_products(&shop);
    let begun = slow(&shop, &ana).await;

    assert_too_many(&quick(&ana.at("192.0.2.1")).await);

    assert_eq!(quick(&ben).await.status, 200);
    assert_eq!(quick(&shop.anonymous()).await.status, 200);
    drop(lock);
    assert_eq!(begun.await.status, 200);
}

#[actix_web::test]
async fn a_query_counts_until_it_is_done_though_its_client_has_hung_up() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "1"), ("DATABASE_POOL_SIZE", "3")]).await;
    let anybody = shop.anonymous();
    let lock = lock_products(&shop);
    let begun = slow(&shop, &anybody).await;

    drop(begun);

    assert_too_many(&quick(&anybody).await);
    drop(lock);
    assert_eq!(quick(&anybody).await.status, 200);
}
