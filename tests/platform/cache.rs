//! Cache: the same behaviour in this process and in Redis, and no errors if Redis fails.

use std::time::Duration;

use mercer::platform::cache::Cache;
use mercer::platform::config::RedisSettings;
use mercer::platform::secret::Secret;
use serde_json::json;

use crate::support::TestShop;
use crate::support::redis::{LONG_REDIS_TIMEOUT, RedisServer};

const LONG: Duration = Duration::from_secs(3600);
const SHORT_TIMEOUT: Duration = Duration::from_secs(3);

fn cache_in(redis: &RedisServer) -> Cache {
    Cache::in_redis(&RedisSettings { url: Secret::new(redis.url()), timeout: Duration::from_secs(10) }).unwrap()
}

/// Asserts the behaviour that both caches share.
async fn assert_stores_texts_until_they_expire(cache: &Cache) {
    assert_eq!(cache.get("a").await, None);
    cache.set("a", "one", LONG).await;
    cache.set("b", "zwei \u{0} Ümläut", LONG).await;
    assert_eq!(cache.get("a").await.as_deref(), Some("one"));
    assert_eq!(cache.get("b").await.as_deref(), Some("zwei \u{0} Ümläut"));

    cache.set("a", "two", LONG).await;
    assert_eq!(cache.get("a").await.as_deref(), Some("two"));
    // A clone shares the entries.
    assert_eq!(cache.clone().get("a").await.as_deref(), Some("two"));

    cache.set("brief", "soon gone", SHORT_TIMEOUT).await;
    cache.set("kept", "brief at first", SHORT_TIMEOUT).await;
    cache.set("kept", "now for long", LONG).await;
    cache.set("cut", "long at first", LONG).await;
    cache.set("cut", "now brief", SHORT_TIMEOUT).await;
    assert_eq!(cache.get("brief").await.as_deref(), Some("soon gone"));
    tokio::time::sleep(SHORT_TIMEOUT + Duration::from_millis(100)).await;
    assert_eq!(cache.get("brief").await, None);
    assert_eq!(cache.get("cut").await, None);
    assert_eq!(cache.get("kept").await.as_deref(), Some("now for long"));
}

#[actix_web::test]
async fn in_process_cache_stores_texts_until_they_expire() {
    let cache = Cache::in_process();

    assert_stores_texts_until_they_expire(&cache).await;

    assert_eq!(cache.is_reachable().await, None);
    assert_eq!(Cache::in_process().get("a").await, None);
}

#[actix_web::test]
async fn redis_cache_stores_texts_until_they_expire() {
    let redis = RedisServer::start();
    let cache = cache_in(&redis);

    assert_stores_texts_until_they_expire(&cache).await;

    assert_eq!(cache.is_reachable().await, Some(true));
    // Another client of the same Redis shares the entries.
    assert_eq!(cache_in(&redis).get("a").await.as_deref(), Some("two"));
}

#[actix_web::test]
async fn unreachable_redis_is_a_cache_miss_and_not_an_error() {
    let mut redis = RedisServer::start();
    let cache = cache_in(&redis);
    cache.set("a", "one", LONG).await;

    redis.kill();

    assert_eq!(cache.get("a").await, None);
    cache.set("a", "two", LONG).await;
    assert_eq!(cache.is_reachable().await, Some(false));
}

#[actix_web::test]
async fn shop_starts_without_reachable_redis() {
    let shop = TestShop::with_settings(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    shop.category("Mugs", None);

    let tree = shop.anonymous().get("/api/categories/tree/").await.expect(200);

    assert_eq!(tree[0]["name"], "Mugs");
}

#[actix_web::test]
async fn category_tree_is_the_same_with_redis_and_after_redis_fails() {
    let mut redis = RedisServer::start();
    let shop = TestShop::with_settings(&[("REDIS_URL", &redis.url()), LONG_REDIS_TIMEOUT]).await;
    let mugs = shop.category("Mugs", None);
    let tree = async || shop.anonymous().get("/api/categories/tree/").await.expect(200);
    let first = tree().await;
    assert_eq!(tree().await, first);
    shop.category("Enamel mugs", Some(mugs));
    let second = tree().await;
    assert_eq!(second[0]["children"][0]["name"], "Enamel mugs");

    redis.kill();

    assert_eq!(tree().await, second);
    shop.category("Pots", None);
    assert_eq!(tree().await.as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn unreachable_redis_makes_the_shop_degraded_but_ready() {
    let mut redis = RedisServer::start();
    let shop = TestShop::with_settings(&[("REDIS_URL", &redis.url()), LONG_REDIS_TIMEOUT]).await;
    shop.execute("insert into workers values (gen_random_uuid(), '{}', now(), now() + interval '1 hour')");
    let health = async || shop.anonymous().get("/health/").await.expect(200);
    let healthy = health().await;
    assert_eq!(healthy["status"], "healthy");
    let check = json!({"status": "healthy", "is_configured": true});
    assert_eq!(healthy["checks"]["redis"], check);

    redis.kill();

    let degraded = health().await;
    assert_eq!(degraded["status"], "degraded");
    assert_eq!(degraded["checks"]["redis"], json!({"status": "degraded", "is_configured": true}));
    assert_eq!(shop.anonymous().get("/health/ready").await.status, 200);
}
