//! A cache of texts: in this process, or in Redis where instances share one. It may vanish at any time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use moka::Expiry;
use redis::AsyncCommands;
use tracing::warn;

use super::config::RedisSettings;
use super::redis_connection::RedisConnection;

/// Everything of ours in a Redis that others use too.
const PREFIX: &str = "mercer:";

/// Keeps texts for a while. Whatever fails is logged and counts as a miss.
#[derive(Clone)]
pub struct Cache(Store);

#[derive(Clone)]
enum Store {
    Process(moka::future::Cache<String, Entry>),
    Redis(RedisConnection),
}

#[derive(Clone)]
struct Entry {
    text: Arc<str>,
    time_to_live: Duration,
}

struct PerEntry;

impl Expiry<String, Entry> for PerEntry {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: std::time::Instant) -> Option<Duration> {
        Some(entry.time_to_live)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.time_to_live)
    }
}

impl Cache {
    /// In this process: at most 64 MiB.
    pub fn in_process() -> Self {
        let weigh = |key: &String, entry: &Entry| u32::try_from(key.len() + entry.text.len()).unwrap_or(u32::MAX);
        let cache = moka::future::Cache::builder().max_capacity(64 << 20).weigher(weigh).expire_after(PerEntry);
        Self(Store::Process(cache.build()))
    }

    /// In Redis, which is not asked yet.
    pub fn in_redis(settings: &RedisSettings) -> Result<Self> {
        Ok(Self(Store::Redis(RedisConnection::new(settings)?)))
    }

    pub async fn get(&self, key: &str) -> Option<Arc<str>> {
        match &self.0 {
            Store::Process(cache) => cache.get(key).await.map(|entry| entry.text),
            Store::Redis(redis) => {
                let found: redis::RedisResult<Option<String>> =
                    redis.in_time(redis.manager().get(format!("{PREFIX}{key}"))).await;
                found.inspect_err(|error| warn!("Cache cannot be read: {error}")).ok().flatten().map(Arc::from)
            }
        }
    }

    pub async fn set(&self, key: &str, text: &str, time_to_live: Duration) {
        match &self.0 {
            Store::Process(cache) => {
                cache.insert(key.to_owned(), Entry { text: Arc::from(text), time_to_live }).await;
            }
            Store::Redis(redis) => {
                let (key, seconds) = (format!("{PREFIX}{key}"), time_to_live.as_secs().max(1));
                let written: redis::RedisResult<()> = redis.in_time(redis.manager().set_ex(key, text, seconds)).await;
                if let Err(error) = written {
                    warn!("Cache cannot be written: {error}");
                }
            }
        }
    }

    /// Whether Redis answers; none where there is no Redis to ask.
    pub async fn is_reachable(&self) -> Option<bool> {
        match &self.0 {
            Store::Process(_) => None,
            Store::Redis(redis) => {
                let ping = redis::cmd("PING");
                let answer: redis::RedisResult<String> = redis.in_time(ping.query_async(&mut redis.manager())).await;
                Some(answer.is_ok())
            }
        }
    }
}
