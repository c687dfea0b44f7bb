//! Limits of several instances with a shared Redis, and without it.

use std::time::{Duration, Instant};

use super::{assert_throttled, read, shop};
use crate::support::TestShop;
use crate::support::redis::{LONG_REDIS_TIMEOUT, RedisServer};

/// Maximum number of requests until an instance uses Redis again, which it does after five seconds.
const MAX_POLLS: u32 = 150;

#[actix_web::test]
async fn instances_with_one_redis_share_the_limit() {
    let redis = RedisServer::start();
    let rates = [("THROTTLE_ANON", "3/h"), ("REDIS_URL", &*redis.url()), LONG_REDIS_TIMEOUT];
    let (one, other) = (shop(&rates).await, shop(&rates).await);

    for (instance, left) in [(&one, 2), (&other, 1), (&one, 0)] {
        let response = read(&instance.anonymous()).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("ratelimit-policy"), Some("\"anon\";q=3;w=3600"));
        assert_eq!(response.header("ratelimit"), Some(format!("\"anon\";r={left};t=1200").as_str()));
    }
    for instance in [&other, &one] {
        assert_throttled(&read(&instance.anonymous()).await, 1190, 1200);
        assert_eq!(read(&instance.anonymous().at("192.0.2.1")).await.status, 200);
    }
}

#[actix_web::test]
async fn instances_without_redis_count_separately() {
    let (one, other) = (shop(&[("THROTTLE_ANON", "1/h")]).await, shop(&[("THROTTLE_ANON", "1/h")]).await);

    read(&one.anonymous()).await.expect(200);
    assert_throttled(&read(&one.anonymous()).await, 3590, 3600);
    assert_eq!(read(&other.anonymous()).await.status, 200);
}

#[actix_web::test]
async fn instances_count_separately_after_redis_fails() {
    let mut redis = RedisServer::start();
    let rates = [("THROTTLE_ANON", "3/h"), ("REDIS_URL", &*redis.url()), LONG_REDIS_TIMEOUT];
    let (one, other) = (shop(&rates).await, shop(&rates).await);
    read(&one.anonymous()).await.expect(200);
    let send = async |instance: &TestShop| read(&instance.anonymous()).await;

    redis.kill();

    for instance in [&one, &other] {
        for _ in 0..3 {
            assert_eq!(send(instance).await.status, 200);
        }
        assert_throttled(&send(instance).await, 1190, 1200);
    }

    redis.restart();

    // Both local limits are exhausted, so an allowed request was counted by Redis, whose counters are new.
    let next_allowed = async |instance: &TestShop| {
        for _ in 0..MAX_POLLS {
            let response = send(instance).await;
            if response.status == 200 {
                return response.header("ratelimit").unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the instance does not use Redis again");
    };
    assert_eq!(next_allowed(&one).await, "\"anon\";r=2;t=1200");
    assert_eq!(next_allowed(&other).await, "\"anon\";r=1;t=1200");
    assert_eq!(next_allowed(&one).await, "\"anon\";r=0;t=1200");
    assert_throttled(&send(&other).await, 1190, 1200);
}

#[actix_web::test]
async fn unresponsive_redis_does_not_delay_requests() {
    // A server that accepts connections and never responds.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let shop = shop(&[("THROTTLE_ANON", "2/h"), ("REDIS_URL", &url)]).await;

    let started = Instant::now();
    let statuses = [read(&shop.anonymous()).await, read(&shop.anonymous()).await, read(&shop.anonymous()).await];

    assert_eq!(statuses.each_ref().map(|response| response.status.as_u16()), [200, 200, 429]);
    // The timeout is a quarter of a second; without one, the Redis client retries for more than ten seconds.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
