//! Redis connection with a short timeout: every caller can work without Redis.

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
    /// Creates a lazy connection. Redis can start later than this process and restart at any time.
    pub fn new(settings: &RedisSettings) -> Result<Self> {
        let client = redis::Client::open(settings.url.expose()).context("REDIS_URL")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(settings.timeout))
            .set_response_timeout(Some(settings.timeout))
            // Retries of the connection. More retries would exceed the timeout.
            .set_number_of_retries(1);
        Ok(Self { manager: ConnectionManager::new_lazy_with_config(client, config)?, timeout: settings.timeout })
    }

    /// Returns a handle that sends commands.
    pub fn manager(&self) -> ConnectionManager {
        self.manager.clone()
    }

    /// Waits for the response to a command until the timeout, which includes connecting.
    pub async fn within_timeout<T>(&self, response: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        match tokio::time::timeout(self.timeout, response).await {
            Ok(response) => response,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "Redis did not respond in time").into()),
        }
    }
}
