//! Cache of strings: in this process, or in Redis, which instances share. Entries can disappear at any time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use moka::Expiry;
use redis::AsyncCommands;
use tracing::warn;

use super::config::RedisSettings;
use super::redis_connection::RedisConnection;

/// Prefix of all keys in Redis, because other applications can use the same Redis.
const PREFIX: &str = "mercer:";

/// Cache of strings with a time to live. A failed read is logged and counts as a miss.
#[derive(Clone)]
pub struct Cache(Store);

#[derive(Clone)]
enum Store {
    Process(moka::future::Cache<String, CacheEntry>),
    Redis(RedisConnection),
}

#[derive(Clone)]
struct CacheEntry {
    text: Arc<str>,
    time_to_live: Duration,
}

/// Expires each entry after its own time to live.
struct EntryExpiry;

impl Expiry<String, CacheEntry> for EntryExpiry {
    fn expire_after_create(&self, _: &String, entry: &CacheEntry, _: std::time::Instant) -> Option<Duration> {
        Some(entry.time_to_live)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &CacheEntry,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.time_to_live)
    }
}

impl Cache {
    /// Creates a cache in this process, of at most 64 MiB.
    pub fn in_process() -> Self {
        let weigh = |key: &String, entry: &CacheEntry| u32::try_from(key.len() + entry.text.len()).unwrap_or(u32::MAX);
        let cache = moka::future::Cache::builder().max_capacity(64 << 20).weigher(weigh).expire_after(EntryExpiry);
        Self(Store::Process(cache.build()))
    }

    /// Creates a cache in Redis. It connects on the first command.
    pub fn in_redis(settings: &RedisSettings) -> Result<Self> {
        Ok(Self(Store::Redis(RedisConnection::new(settings)?)))
    }

    pub async fn get(&self, key: &str) -> Option<Arc<str>> {
        match &self.0 {
            Store::Process(cache) => cache.get(key).await.map(|entry| entry.text),
            Store::Redis(redis) => {
                let found: redis::RedisResult<Option<String>> =
                    redis.within_timeout(redis.manager().get(format!("{PREFIX}{key}"))).await;
                found.inspect_err(|error| warn!("Cannot read from the cache: {error}")).ok().flatten().map(Arc::from)
            }
        }
    }

    pub async fn set(&self, key: &str, text: &str, time_to_live: Duration) {
        match &self.0 {
            Store::Process(cache) => {
                cache.insert(key.to_owned(), CacheEntry { text: Arc::from(text), time_to_live }).await;
            }
            Store::Redis(redis) => {
                let (key, seconds) = (format!("{PREFIX}{key}"), time_to_live.as_secs().max(1));
                let written: redis::RedisResult<()> =
                    redis.within_timeout(redis.manager().set_ex(key, text, seconds)).await;
                if let Err(error) = written {
                    warn!("Cannot write to the cache: {error}");
                }
            }
        }
    }

    /// Returns true if Redis responds, or `None` if the cache does not use Redis.
    pub async fn is_reachable(&self) -> Option<bool> {
        match &self.0 {
            Store::Process(_) => None,
            Store::Redis(redis) => {
                let ping = redis::cmd("PING");
                let response: redis::RedisResult<String> =
                    redis.within_timeout(ping.query_async(&mut redis.manager())).await;
                Some(response.is_ok())
            }
        }
    }
}
