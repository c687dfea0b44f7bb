//! A connection to Redis that gives up soon: what it serves has another way.

use std::io;
use std::time::Duration;

use anyhow::{Context, Result};
use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::config::RedisSettings;

#[derive(Clone)]
pub struct RedisConnection {
    manager: ConnectionManager,
    timeout: Duration,
}

impl RedisConnection {
    /// Nothing is asked of it yet: Redis may come later than we do, and go and come again.
    pub fn new(settings: &RedisSettings) -> Result<Self> {
        let client = redis::Client::open(settings.url.expose()).context("REDIS_URL")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(settings.timeout))
            .set_response_timeout(Some(settings.timeout))
            // Of connecting; more would outlast the timeout.
            .set_number_of_retries(1);
        Ok(Self { manager: ConnectionManager::new_lazy_with_config(client, config)?, timeout: settings.timeout })
    }

    /// For sending one command.
    pub fn manager(&self) -> ConnectionManager {
        self.manager.clone()
    }

    /// The answer to a command, if it comes in time, connecting included.
    pub async fn in_time<T>(&self, answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time").into()),
        }
    }
}
