//! A connection to Redis that gives up soon: what it serves has another way.

use anyhow::{Context, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::config::RedisSettings;

/// Nothing is asked of it yet: Redis may come later than we do, and go and come again.
pub fn connect(settings: &RedisSettings) -> Result<ConnectionManager> {
    let client = redis::Client::open(settings.url.expose()).context("REDIS_URL")?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(settings.timeout))
        .set_response_timeout(Some(settings.timeout))
        .set_number_of_retries(1);
    Ok(ConnectionManager::new_lazy_with_config(client, config)?)
}
