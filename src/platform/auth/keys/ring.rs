//! The keys as one process knows them: which of them sign, check and are published at a moment.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::rows::{KeyState, PURPOSE, SigningKey};
use crate::platform::auth::MasterKey;

/// All keys, the newest first.
pub struct KeyRing {
    keys: Vec<Key>,
    pub(super) loaded_at: DateTime<Utc>,
}

struct Key {
    row: SigningKey,
    signing: EncodingKey,
    checking: DecodingKey,
    jwk: Jwk,
}

impl KeyRing {
    pub(super) fn open(rows: Vec<SigningKey>, master: &MasterKey, loaded_at: DateTime<Utc>) -> Result<Self> {
        let keys = rows.into_iter().map(|row| Key::open(row, master)).collect::<Result<_>>()?;
        Ok(Self { keys, loaded_at })
    }

    /// The key that signs, with its `kid`.
    pub fn signing(&self, now: DateTime<Utc>) -> Option<(&str, &EncodingKey)> {
        let key = self.keys.iter().find(|key| key.row.state(now) == KeyState::Signing)?;
        Some((&key.row.id, &key.signing))
    }

    /// The key of this `kid`, unless all that it signed is over.
    pub fn checking(&self, kid: &str, now: DateTime<Utc>) -> Option<&DecodingKey> {
        let key = self.keys.iter().find(|key| key.row.id == kid)?;
        (key.row.state(now) != KeyState::Over).then_some(&key.checking)
    }

    pub(super) fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.row.id == kid)
    }

    /// What `/.well-known/jwks.json` shows.
    pub fn published(&self, now: DateTime<Utc>) -> JwkSet {
        let keys = self.keys.iter().filter(|key| key.row.state(now) != KeyState::Over);
        JwkSet { keys: keys.map(|key| key.jwk.clone()).collect() }
    }
}

impl Key {
    fn open(row: SigningKey, master: &MasterKey) -> Result<Self> {
        let signing = EncodingKey::from_ec_der(&master.open(PURPOSE, &row.private_key)?);
        let jwk: Jwk = serde_json::from_value(row.public_jwk.clone()).context("a stored key is no JWK")?;
        let checking = DecodingKey::from_jwk(&jwk)?;
        Ok(Self { row, signing, checking, jwk })
    }
}
