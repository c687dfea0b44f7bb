//! The cache: the same in this process and in Redis, and never missed when it is gone.

use std::time::Duration;

use mercer::platform::cache::Cache;
use mercer::platform::config::RedisSettings;
use mercer::platform::secret::Secret;
use serde_json::json;

use crate::support::TestShop;
use crate::support::redis::{PATIENT, RedisServer};

const LONG: Duration = Duration::from_secs(3600);
const BRIEF: Duration = Duration::from_secs(3);

fn cache_in(redis: &RedisServer) -> Cache {
    Cache::in_redis(&RedisSettings { url: Secret::new(redis.url()), timeout: Duration::from_secs(10) }).unwrap()
}

/// What every cache does.
async fn assert_keeps_texts_for_a_while(cache: &Cache) {
    assert_eq!(cache.get("a").await, None);
    cache.set("a", "one", LONG).await;
    cache.set("b", "zwei \u{0} Ümläut", LONG).await;
    assert_eq!(cache.get("a").await.as_deref(), Some("one"));
    assert_eq!(cache.get("b").await.as_deref(), Some("zwei \u{0} Ümläut"));

    cache.set("a", "two", LONG).await;
    assert_eq!(cache.get("a").await.as_deref(), Some("two"));
    // A clone is the same cache.
    assert_eq!(cache.clone().get("a").await.as_deref(), Some("two"));

    cache.set("brief", "soon gone", BRIEF).await;
    cache.set("kept", "brief at first", BRIEF).await;
    cache.set("kept", "now for long", LONG).await;
    cache.set("cut", "long at first", LONG).await;
    cache.set("cut", "now brief", BRIEF).await;
    assert_eq!(cache.get("brief").await.as_deref(), Some("soon gone"));
    tokio::time::sleep(BRIEF + Duration::from_millis(100)).await;
    assert_eq!(cache.get("brief").await, None);
    assert_eq!(cache.get("cut").await, None);
    assert_eq!(cache.get("kept").await.as_deref(), Some("now for long"));
}

#[actix_web::test]
async fn a_cache_in_this_process_keeps_texts_for_a_while() {
    let cache = Cache::in_process();

    assert_keeps_texts_for_a_while(&cache).await;

    assert_eq!(cache.is_reachable().await, None);
    assert_eq!(Cache::in_process().get("a").await, None);
}

#[actix_web::test]
async fn a_cache_in_redis_keeps_texts_for_a_while() {
    let redis = RedisServer::start();
    let cache = cache_in(&redis);

    assert_keeps_texts_for_a_while(&cache).await;

    assert_eq!(cache.is_reachable().await, Some(true));
    // Another program shares it.
    assert_eq!(cache_in(&redis).get("a").await.as_deref(), Some("two"));
}

#[actix_web::test]
async fn a_cache_that_is_gone_is_a_miss_and_no_error() {
    let mut redis = RedisServer::start();
    let cache = cache_in(&redis);
    cache.set("a", "one", LONG).await;

    redis.kill();

    assert_eq!(cache.get("a").await, None);
    cache.set("a", "two", LONG).await;
    assert_eq!(cache.is_reachable().await, Some(false));
}

#[actix_web::test]
async fn a_redis_that_was_never_there_does_not_keep_a_shop_from_opening() {
    let shop = TestShop::with_settings(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    shop.category("Mugs", None);

    let tree = shop.anonymous().get("/api/categories/tree/").await.expect(200);

    assert_eq!(tree[0]["name"], "Mugs");
}

#[actix_web::test]
async fn the_tree_is_the_same_with_redis_without_and_after_its_death() {
    let mut redis = RedisServer::start();
    let shop = TestShop::with_settings(&[("REDIS_URL", &redis.url()), PATIENT]).await;
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
async fn a_shop_without_its_redis_is_degraded_and_ready() {
    let mut redis = RedisServer::start();
    let shop = TestShop::with_settings(&[("REDIS_URL", &redis.url()), PATIENT]).await;
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
