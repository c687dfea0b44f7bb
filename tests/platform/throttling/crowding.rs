//! One client with many requests at once, all of them slow.

use futures_util::FutureExt;
use serde_json::json;

use super::{read, shop};
use crate::support::connections::hold_a_connection;
use crate::support::{Client, TestResponse};

/// A request that waits for the database.
macro_rules! waiting {
    ($client:expr) => {{
        let mut request = Box::pin(read($client));
        assert!((&mut request).now_or_never().is_none(), "it is answered at once");
        request
    }};
}

/// The answer to one more, which does not wait for the database: it is there when it is first looked for.
fn one_more(client: &Client) -> TestResponse {
    read(client).now_or_never().unwrap()
}

#[actix_web::test]
async fn a_client_with_many_slow_requests_leaves_room_for_others() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "2"), ("THROTTLE_ANON", "100/h"), ("DATABASE_POOL_SIZE", "2")]).await;
    let (ana, anybody) = (shop.customer("ana").await, shop.anonymous());
    let elsewhere = anybody.at("192.0.2.1");
    let db = shop.app.db.clone();
    let holders = [hold_a_connection(&db).await, hold_a_connection(&db).await];
    let slow = [waiting!(&anybody), waiting!(&anybody)];

    let refused = one_more(&anybody);

    assert_eq!(refused.header("retry-after"), Some("1"));
    // It is no rate that was passed, and none of its tries was used up.
    assert_eq!((refused.header("ratelimit"), refused.header("ratelimit-policy")), (None, None));
    let told = json!({"detail": "Request was throttled. Expected available in 1 second.", "code": "throttled"});
    assert_eq!(refused.expect(429), told);
    // Somebody else, and somebody who is signed in at the same address, get in.
    let others = [waiting!(&elsewhere), waiting!(&ana)];
    drop(holders);
    for request in slow.into_iter().chain(others) {
        assert_eq!(request.await.status, 200);
    }
    let answer = read(&anybody).await;
    assert_eq!((answer.status.as_u16(), answer.header("ratelimit")), (200, Some("\"anon\";r=97;t=36")));
}

#[actix_web::test]
async fn whoever_hangs_up_leaves_their_place() {
    let shop = shop(&[("THROTTLE_CONCURRENT", "1"), ("DATABASE_POOL_SIZE", "2")]).await;
    let anybody = shop.anonymous();
    let db = shop.app.db.clone();
    let holders = [hold_a_connection(&db).await, hold_a_connection(&db).await];
    let slow = waiting!(&anybody);
    assert_eq!(one_more(&anybody).status, 429);

    drop(slow);

    let next = waiting!(&anybody);
    assert_eq!(one_more(&anybody).status, 429);
    drop(holders);
    assert_eq!(next.await.status, 200);
}
