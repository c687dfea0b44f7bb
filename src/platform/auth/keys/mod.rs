//! Keys that sign tokens: ES256, encrypted in the database, published as a JSON Web Key Set (RFC 7517), and rotated.
//!
//! A new key is published before it signs, so that verifiers can fetch it first. The previous key verifies tokens until
//! the last token that it signed has expired. A process reloads the keys every minute, and when a token names an
//! unknown key.

mod ring;
mod rows;

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::{Mutex, watch};
use tracing::warn;

use super::MasterKey;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use ring::KeyRing;
pub(super) use ring::SigningKeyRef;
use rows::NewSigningKey;
pub use rows::{KeyState, SigningKey};

/// Maximum time that clients can cache the published key set.
pub const JWKS_MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// Time between the publication of a key and its first signature. It exceeds the lifetime of every cached key set.
pub const ANNOUNCEMENT_PERIOD: TimeDelta = TimeDelta::minutes(10);

/// Time between two loads of the keys, and between two searches for an unknown key.
const RELOAD_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// Issuer and lifetimes of tokens.
#[derive(Debug, Clone)]
pub struct KeySettings {
    pub issuer: String,
    pub access_seconds: u32,
    /// Maximum lifetime of a session, in days.
    pub token_days: u32,
}

/// Signs and verifies tokens.
pub struct TokenKeys {
    pub(super) settings: KeySettings,
    pub(super) master: Arc<MasterKey>,
    db: Db,
    ring: watch::Sender<Arc<KeyRing>>,
    load_state: Mutex<LoadState>,
}

/// Times of the last attempts to load the keys.
struct LoadState {
    tried_at: DateTime<Utc>,
    /// Time of the last load that searched for an unknown key.
    searched_at: DateTime<Utc>,
}

impl TokenKeys {
    /// Loads the shop's keys and creates the first one if no key signs.
    pub fn open(db: Db, master: Arc<MasterKey>, settings: KeySettings, now: DateTime<Utc>) -> Result<Self> {
        let token_days = i32::try_from(settings.token_days)?;
        let rows = db.write_blocking(|conn| {
            SigningKey::lock_all(conn)?;
            SigningKey::extend_token_lifetime(conn, token_days)?;
            let mut rows = SigningKey::list(conn)?;
            if rows.iter().all(|row| row.state(now) != KeyState::Signing) {
                let new =
                    NewSigningKey { token_days: longest_lifetime(&rows, token_days), created_at: now, signs_from: now };
                rows.insert(0, SigningKey::insert(conn, &master, &new).map_err(Problem::internal)?);
            }
            Ok::<_, Problem>(rows)
        })?;
        let ring = KeyRing::decrypt(rows, &master, now)?;
        let load_state = Mutex::new(LoadState { tried_at: now, searched_at: now - RELOAD_INTERVAL });
        Ok(Self { settings, master, db, ring: watch::Sender::new(Arc::new(ring)), load_state })
    }

    /// Returns the key set of `/.well-known/jwks.json`.
    pub async fn published(&self, now: DateTime<Utc>) -> JwkSet {
        self.ring(now).await.published(now)
    }

    fn current(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.borrow())
    }

    /// Returns the keys and reloads them if they are a minute old. One request loads; concurrent ones use the old keys.
    pub(super) async fn ring(&self, now: DateTime<Utc>) -> Arc<KeyRing> {
        if now - self.current().loaded_at >= RELOAD_INTERVAL
            && let Ok(mut load_state) = self.load_state.try_lock()
            && now - load_state.tried_at >= RELOAD_INTERVAL
        {
            self.load(&mut load_state, now).await;
        }
        self.current()
    }

    /// Returns the keys, reloaded if this one is unknown. Tokens with unknown keys cause at most one load per minute.
    pub(super) async fn ring_with(&self, kid: &str, now: DateTime<Utc>) -> Arc<KeyRing> {
        let ring = self.ring(now).await;
        if ring.contains(kid) {
            return ring;
        }
        let mut load_state = self.load_state.lock().await;
        if !self.current().contains(kid) && now - load_state.searched_at >= RELOAD_INTERVAL {
            load_state.searched_at = now;
            self.load(&mut load_state, now).await;
        }
        self.current()
    }

    /// Loads the keys. If the database is unavailable, the old keys stay valid.
    async fn load(&self, state: &mut LoadState, now: DateTime<Utc>) {
        state.tried_at = now;
        let rows = self.db.read(SigningKey::list).await;
        let ring = rows.map_err(anyhow::Error::from).and_then(|rows| KeyRing::decrypt(rows, &self.master, now));
        match ring {
            Ok(ring) => drop(self.ring.send_replace(Arc::new(ring))),
            Err(error) => warn!("Cannot reload the signing keys: {error:#}"),
        }
    }

    /// Creates the next signing key and returns it. Returns None if a new key is already announced.
    pub fn rotate(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<SigningKey>> {
        let rows = SigningKey::lock_all(conn)?;
        if rows.iter().any(|row| row.state(now) == KeyState::Announced) {
            return Ok(None);
        }
        let token_days = longest_lifetime(&rows, i32::try_from(self.settings.token_days)?);
        let new = NewSigningKey { token_days, created_at: now, signs_from: now + ANNOUNCEMENT_PERIOD };
        let key = SigningKey::insert(conn, &self.master, &new)?;
        SigningKey::retire_before(conn, &key)?;
        Ok(Some(key))
    }

    /// Deletes the keys whose last token has expired, and returns them.
    pub fn delete_expired(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<SigningKey>> {
        let rows = SigningKey::lock_all(conn)?;
        let expired: Vec<_> = rows.into_iter().filter(|row| row.state(now) == KeyState::Expired).collect();
        SigningKey::delete(conn, &expired.iter().map(|row| row.id.as_str()).collect::<Vec<_>>())?;
        Ok(expired)
    }

    /// Returns all keys, newest first.
    pub fn list(conn: &mut PgConnection) -> Result<Vec<SigningKey>> {
        SigningKey::list(conn).context("cannot read the signing keys")
    }
}

/// Returns the token lifetime of a new key. Sessions that started under a longer setting keep their lifetime.
fn longest_lifetime(rows: &[SigningKey], token_days: i32) -> i32 {
    rows.iter().map(|row| row.token_days).fold(token_days, i32::max)
}
