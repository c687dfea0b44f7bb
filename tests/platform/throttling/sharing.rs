//! Several instances with one Redis, and without it.

use std::time::{Duration, Instant};

use super::{assert_throttled, read, shop};
use crate::support::TestShop;
use crate::support::redis::{PATIENT, RedisServer};

/// How often it is looked whether Redis is asked again, which it is after five seconds.
const LOOKS: u32 = 150;

#[actix_web::test]
async fn instances_with_one_redis_share_the_count() {
    let redis = RedisServer::start();
    let rates = [("THROTTLE_ANON", "3/h"), ("REDIS_URL", &*redis.url()), PATIENT];
    let (one, other) = (shop(&rates).await, shop(&rates).await);

    for (instance, left) in [(&one, 2), (&other, 1), (&one, 0)] {
        let answer = read(&instance.anonymous()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"anon\";q=3;w=3600"));
        assert_eq!(answer.header("ratelimit"), Some(format!("\"anon\";r={left};t=1200").as_str()));
    }
    for instance in [&other, &one] {
        assert_throttled(&read(&instance.anonymous()).await, 1190, 1200);
        assert_eq!(read(&instance.anonymous().at("192.0.2.1")).await.status, 200);
    }
}

#[actix_web::test]
async fn instances_without_redis_count_for_themselves() {
    let (one, other) = (shop(&[("THROTTLE_ANON", "1/h")]).await, shop(&[("THROTTLE_ANON", "1/h")]).await);

    read(&one.anonymous()).await.expect(200);
    assert_throttled(&read(&one.anonymous()).await, 3590, 3600);
    assert_eq!(read(&other.anonymous()).await.status, 200);
}

#[actix_web::test]
async fn without_its_redis_an_instance_counts_alone() {
    let mut redis = RedisServer::start();
    let rates = [("THROTTLE_ANON", "3/h"), ("REDIS_URL", &*redis.url()), PATIENT];
    let (one, other) = (shop(&rates).await, shop(&rates).await);
    read(&one.anonymous()).await.expect(200);
    let ask = async |instance: &TestShop| read(&instance.anonymous()).await;

    redis.kill();

    for instance in [&one, &other] {
        for _ in 0..3 {
            assert_eq!(ask(instance).await.status, 200);
        }
        assert_throttled(&ask(instance).await, 1190, 1200);
    }

    redis.restart();

    // Alone, both have counted to the end: whoever is let in again was counted by Redis, which has forgotten them.
    let again = async |instance: &TestShop| {
        for _ in 0..LOOKS {
            let answer = ask(instance).await;
            if answer.status == 200 {
                return answer.header("ratelimit").unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Redis is not asked again");
    };
    assert_eq!(again(&one).await, "\"anon\";r=2;t=1200");
    assert_eq!(again(&other).await, "\"anon\";r=1;t=1200");
    assert_eq!(again(&one).await, "\"anon\";r=0;t=1200");
    assert_throttled(&ask(&other).await, 1190, 1200);
}

#[actix_web::test]
async fn a_redis_that_says_nothing_keeps_nobody_waiting() {
    // Somebody listens, accepts and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let shop = shop(&[("THROTTLE_ANON", "2/h"), ("REDIS_URL", &url)]).await;

    let begun = Instant::now();
    let statuses = [read(&shop.anonymous()).await, read(&shop.anonymous()).await, read(&shop.anonymous()).await];

    assert_eq!(statuses.each_ref().map(|answer| answer.status.as_u16()), [200, 200, 429]);
    // The timeout is a quarter of a second; without one, Redis's client tries for more than ten.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
