//! The keys that a process has loaded, with their role at a given time: signing, verifying, published.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::rows::{KeyState, PURPOSE, SigningKey};
use crate::platform::auth::MasterKey;

/// All keys, newest first.
pub struct KeyRing {
    keys: Vec<Key>,
    pub(super) loaded_at: DateTime<Utc>,
}

struct Key {
    row: SigningKey,
    encoding_key: EncodingKey,
    decoding_key: DecodingKey,
    jwk: Jwk,
}

/// The key that signs tokens, with its `kid`.
pub struct SigningKeyRef<'a> {
    pub kid: &'a str,
    pub encoding_key: &'a EncodingKey,
}

impl KeyRing {
    pub(super) fn decrypt(rows: Vec<SigningKey>, master: &MasterKey, loaded_at: DateTime<Utc>) -> Result<Self> {
        let keys = rows.into_iter().map(|row| Key::decrypt(row, master)).collect::<Result<_>>()?;
        Ok(Self { keys, loaded_at })
    }

    /// Returns the key that signs tokens.
    pub fn signing_key(&self, now: DateTime<Utc>) -> Option<SigningKeyRef<'_>> {
        let key = self.keys.iter().find(|key| key.row.state(now) == KeyState::Signing)?;
        Some(SigningKeyRef { kid: &key.row.id, encoding_key: &key.encoding_key })
    }

    /// Returns the key with this `kid`, unless all its tokens have expired.
    pub fn verification_key(&self, kid: &str, now: DateTime<Utc>) -> Option<&DecodingKey> {
        let key = self.keys.iter().find(|key| key.row.id == kid)?;
        (key.row.state(now) != KeyState::Expired).then_some(&key.decoding_key)
    }

    pub(super) fn contains(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.row.id == kid)
    }

    /// Returns the key set of `/.well-known/jwks.json`.
    pub fn published(&self, now: DateTime<Utc>) -> JwkSet {
        let keys = self.keys.iter().filter(|key| key.row.state(now) != KeyState::Expired);
        JwkSet { keys: keys.map(|key| key.jwk.clone()).collect() }
    }
}

impl Key {
    fn decrypt(row: SigningKey, master: &MasterKey) -> Result<Self> {
        let encoding_key = EncodingKey::from_ec_der(&master.decrypt(PURPOSE, &row.private_key)?);
        let jwk: Jwk =
            serde_json::from_value(row.public_jwk.clone()).context("a stored signing key is not a valid JWK")?;
        let decoding_key = DecodingKey::from_jwk(&jwk)?;
        Ok(Self { row, encoding_key, decoding_key, jwk })
    }
}
