//! Setup of the database and the application for the commands.

use crate::permissions;
use crate::platform::write_context::WriteContext;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use tracing::info;

use crate::customers::identity::PrincipalCache;
use crate::personal_data;
use crate::platform::api::{InFlightKeys, Throttle};
use crate::platform::app::App;
use crate::platform::audit::RecordedDenials;
use crate::platform::auth::{KeySettings, MasterKey, PrincipalSource, TokenKeys};
use crate::platform::cache::Cache;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::embedded::{EmbeddedServer, EmbeddedSettings};
use crate::platform::db::{DatabaseTimeouts, Db, PoolSettings, migrate};
use crate::platform::notify::Notifier;
use crate::platform::oidc::Providers;
use crate::products::channels::load_channel_restrictions;

/// Database of `DATABASE_URL`, or the embedded server, which stops when this value is dropped.
pub(super) struct Database {
    url: String,
    embedded: Option<EmbeddedServer>,
}

impl Database {
    pub(super) fn open(config: &Config) -> Result<Self> {
        if let Some(url) = &config.database_url {
            return Ok(Self { url: url.expose().to_owned(), embedded: None });
        }
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot create the data directory {}", config.data_dir.display()))?;
        let settings = EmbeddedSettings {
            bin_dir: config.pg_bin_dir.clone(),
            path: config.program_path.clone().map(Into::into),
            durable: true,
        };
        let server = EmbeddedServer::start(&config.data_dir, &settings)?;
        let verb = if server.is_owner() { "started" } else { "is running" };
        info!("Embedded PostgreSQL {verb} in {}", server.data_dir().display());
        Ok(Self { url: server.url(), embedded: Some(server) })
    }

    /// Opens the database and applies pending migrations. Also returns their names.
    pub(super) fn open_and_migrate(config: &Config) -> Result<(Self, Vec<String>)> {
        let database = Self::open(config)?;
        let applied = migrate(&database.url)?;
        if !applied.is_empty() {
            info!("Applied {} migrations", applied.len());
        }
        Ok((database, applied))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn connect(&self, config: &Config, timeouts: DatabaseTimeouts) -> Result<Db> {
        Ok(Db::new(&PoolSettings { url: self.url.clone(), size: config.database_pool_size, timeouts }))
    }

    /// Stops the embedded server if this process owns it. All users of the database must have finished.
    pub(super) fn close(mut self) {
        if let Some(server) = &mut self.embedded {
            server.stop();
        }
    }
}

/// Creates the application. The schema of the database must be up to date.
pub fn app(config: Config, db: Db, clock: Clock) -> Result<App> {
    let principals = PrincipalCache::new(db.clone(), clock.clone(), load_channel_restrictions);
    let principals = principals.with_staff_second_factor(config.staff_second_factor);
    app_with(config, db, clock, Arc::new(principals))
}

/// Creates the application with another source of principals.
pub fn app_with(config: Config, db: Db, clock: Clock, principals: Arc<dyn PrincipalSource>) -> Result<App> {
    permissions::register();
    let now = clock.now();
    let master_key = Arc::new(MasterKey::from_config(&config)?);
    let keys = token_keys(&config, db.clone(), Arc::clone(&master_key), now).context("cannot load the signing keys")?;
    let cache = match &config.redis {
        Some(settings) => Cache::in_redis(settings)?,
        None => Cache::in_process(),
    };
    let throttle = Throttle::new(config.throttle_rates, config.redis.as_ref())?;
    let notifier = Notifier::new(&config).context("cannot set up e-mail and text messages")?;
    let oidc = Providers::new(&config, &clock)?;
    Ok(App {
        principals,
        config: Arc::new(config),
        db,
        cache,
        clock,
        keys: Arc::new(keys),
        master_key,
        in_flight: InFlightKeys::default(),
        throttle: Arc::new(throttle),
        recorded_denials: RecordedDenials::default(),
        notifier: Arc::new(notifier),
        oidc: Arc::new(oidc),
        personal_data: personal_data::registry(),
        is_ready: Arc::new(AtomicBool::new(true)),
    })
}

/// Returns the context for writes of a command.
pub(super) fn system_context(config: &Config) -> Result<WriteContext> {
    Ok(WriteContext::system(Clock::system().now(), &Arc::new(MasterKey::from_config(config)?)))
}

/// Loads the signing keys for tokens.
pub(super) fn token_keys(config: &Config, db: Db, master_key: Arc<MasterKey>, now: DateTime<Utc>) -> Result<TokenKeys> {
    let settings = KeySettings {
        issuer: config.public_url.clone(),
        access_seconds: config.access_token_seconds,
        token_days: config.refresh_token_days,
    };
    TokenKeys::open(db, master_key, settings, now)
}
