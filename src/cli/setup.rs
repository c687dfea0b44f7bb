//! Setting up what commands need: the database, and the application on it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use tracing::info;

use crate::customers::identity::Principals;
use crate::personal_data;
use crate::platform::api::{InFlight, Throttle};
use crate::platform::app::App;
use crate::platform::audit::Noted;
use crate::platform::auth::{KeySettings, MasterKey, PrincipalSource, TokenKeys};
use crate::platform::cache::Cache;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::embedded::{EmbeddedServer, EmbeddedSettings};
use crate::platform::db::{Db, PoolSettings, TimeOuts, migrate};
use crate::platform::notify::Notifier;
use crate::platform::oidc::Providers;
use crate::products::channels::restrictions_of;

/// The database of `DATABASE_URL`, or the embedded one, which runs as long as this lives.
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
            .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
        let settings = EmbeddedSettings {
            bin_dir: config.pg_bin_dir.clone(),
            path: config.program_path.clone().map(Into::into),
            durable: true,
        };
        let server = EmbeddedServer::start(&config.data_dir, &settings)?;
        let verb = if server.is_owner() { "started" } else { "found running" };
        info!("Embedded PostgreSQL {verb} in {}", server.data_dir().display());
        Ok(Self { url: server.url(), embedded: Some(server) })
    }

    /// Tells also which migrations were applied.
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

    pub(super) fn connect(&self, config: &Config, time_outs: TimeOuts) -> Result<Db> {
        let db = Db::new(&PoolSettings { url: self.url.clone(), size: config.database_pool_size, time_outs });
        db.hold_key(Arc::new(MasterKey::of(config)?));
        Ok(db)
    }

    /// Stops the server if it is ours; everything that uses it must have ended.
    pub(super) fn close(mut self) {
        if let Some(server) = &mut self.embedded {
            server.stop();
        }
    }
}

/// The application on a database whose schema is up to date.
pub fn app(config: Config, db: Db, clock: Clock) -> Result<App> {
    let principals = Principals::new(db.clone(), clock.clone(), restrictions_of);
    let principals = principals.asking_of_staff(config.staff_second_factor);
    app_with(config, db, clock, Arc::new(principals))
}

/// The same, with another way to know who is behind a token.
pub fn app_with(config: Config, db: Db, clock: Clock, principals: Arc<dyn PrincipalSource>) -> Result<App> {
    let now = clock.now();
    let master_key = Arc::new(MasterKey::of(&config)?);
    db.hold_key(Arc::clone(&master_key));
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
        in_flight: InFlight::default(),
        throttle: Arc::new(throttle),
        noted: Noted::default(),
        notifier: Arc::new(notifier),
        oidc: Arc::new(oidc),
        personal_data: personal_data::registry(),
        is_ready: Arc::new(AtomicBool::new(true)),
    })
}

/// The keys that sign tokens, by these settings.
pub(super) fn token_keys(config: &Config, db: Db, master_key: Arc<MasterKey>, now: DateTime<Utc>) -> Result<TokenKeys> {
    let settings = KeySettings {
        issuer: config.public_url.clone(),
        access_seconds: config.access_token_seconds,
        token_days: config.refresh_token_days,
    };
    TokenKeys::open(db, master_key, settings, now)
}
