//! The keys that sign tokens: ES256, kept sealed in the database, published as a JSON Web Key Set (RFC 7517), and
//! replaced from time to time.
//!
//! A new key is announced first and signs later, when whoever reads the set has it. The one before it checks what it
//! signed until the longest of those tokens is over. A process reads all keys again once a minute, and once more when
//! a token names a key that it does not know.

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
pub use rows::{KeyState, SigningKey};

/// For how long others may keep the published set.
pub const SET_MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// How long a key is published before it signs: longer than any copy of the set is kept, here or elsewhere.
pub const ANNOUNCED_FOR: TimeDelta = TimeDelta::minutes(10);

/// How old a process's knowledge of the keys may be, and how often it looks for a key that it does not know.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// What is said in every token, and how long tokens last.
#[derive(Debug, Clone)]
pub struct KeySettings {
    pub issuer: String,
    pub access_seconds: u32,
    /// The longest that a session lasts.
    pub token_days: u32,
}

/// Signs and checks tokens.
pub struct TokenKeys {
    pub(super) settings: KeySettings,
    pub(super) master: Arc<MasterKey>,
    db: Db,
    ring: watch::Sender<Arc<KeyRing>>,
    reading: Mutex<Reading>,
}

/// When the keys were read, or should have been.
struct Reading {
    tried_at: DateTime<Utc>,
    /// For the sake of a key that was not known.
    searched_at: DateTime<Utc>,
}

impl TokenKeys {
    /// The shop's keys, the first one made where there is none.
    pub fn open(db: Db, master: Arc<MasterKey>, settings: KeySettings, now: DateTime<Utc>) -> Result<Self> {
        let token_days = i32::try_from(settings.token_days)?;
        let rows = db.write_blocking(|conn| {
            SigningKey::lock_all(conn)?;
            SigningKey::lengthen(conn, token_days)?;
            let mut rows = SigningKey::all(conn)?;
            if rows.iter().all(|row| row.state(now) != KeyState::Signing) {
                let key = SigningKey::insert(conn, &master, longest(&rows, token_days), (now, now));
                rows.insert(0, key.map_err(Problem::internal)?);
            }
            Ok::<_, Problem>(rows)
        })?;
        let ring = KeyRing::open(rows, &master, now)?;
        let reading = Mutex::new(Reading { tried_at: now, searched_at: now - FRESH });
        Ok(Self { settings, master, db, ring: watch::Sender::new(Arc::new(ring)), reading })
    }

    /// What `/.well-known/jwks.json` shows.
    pub async fn published(&self, now: DateTime<Utc>) -> JwkSet {
        self.ring(now).await.published(now)
    }

    fn known(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.borrow())
    }

    /// The keys, read again where that is a minute ago. One request reads; those beside it go on with what there is.
    pub(super) async fn ring(&self, now: DateTime<Utc>) -> Arc<KeyRing> {
        if now - self.known().loaded_at >= FRESH
            && let Ok(mut reading) = self.reading.try_lock()
            && now - reading.tried_at >= FRESH
        {
            self.read(&mut reading, now).await;
        }
        self.known()
    }

    /// The keys, with this one among them if it is the shop's. A flood of tokens with made-up keys reads once a minute.
    pub(super) async fn ring_with(&self, kid: &str, now: DateTime<Utc>) -> Arc<KeyRing> {
        let ring = self.ring(now).await;
        if ring.knows(kid) {
            return ring;
        }
        let mut reading = self.reading.lock().await;
        if !self.known().knows(kid) && now - reading.searched_at >= FRESH {
            reading.searched_at = now;
            self.read(&mut reading, now).await;
        }
        self.known()
    }

    /// Where the database is away, the keys from before are as good as they were.
    async fn read(&self, reading: &mut Reading, now: DateTime<Utc>) {
        reading.tried_at = now;
        let rows = self.db.read(SigningKey::all).await;
        let ring = rows.map_err(anyhow::Error::from).and_then(|rows| KeyRing::open(rows, &self.master, now));
        match ring {
            Ok(ring) => drop(self.ring.send_replace(Arc::new(ring))),
            Err(error) => warn!("The signing keys cannot be read again: {error:#}"),
        }
    }

    /// Announces a new key, and says when it will sign. One that is announced already stays the next one.
    pub fn rotate(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<SigningKey>> {
        let rows = SigningKey::lock_all(conn)?;
        if rows.iter().any(|row| row.state(now) == KeyState::Announced) {
            return Ok(None);
        }
        let token_days = longest(&rows, i32::try_from(self.settings.token_days)?);
        let key = SigningKey::insert(conn, &self.master, token_days, (now, now + ANNOUNCED_FOR))?;
        SigningKey::retire_before(conn, &key)?;
        Ok(Some(key))
    }

    /// Removes the keys whose last token is over, and tells which.
    pub fn remove_over(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<SigningKey>> {
        let rows = SigningKey::lock_all(conn)?;
        let over: Vec<_> = rows.into_iter().filter(|row| row.state(now) == KeyState::Over).collect();
        SigningKey::delete(conn, &over.iter().map(|row| row.id.as_str()).collect::<Vec<_>>())?;
        Ok(over)
    }

    /// All keys, the newest first.
    pub fn list(conn: &mut PgConnection) -> Result<Vec<SigningKey>> {
        SigningKey::all(conn).context("cannot read the signing keys")
    }
}

/// How long tokens may last that a new key signs: sessions from before a shorter setting live on.
fn longest(rows: &[SigningKey], token_days: i32) -> i32 {
    rows.iter().map(|row| row.token_days).fold(token_days, i32::max)
}
