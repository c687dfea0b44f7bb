//! Rows of `signing_keys`.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};

use crate::platform::auth::MasterKey;
use crate::schema::signing_keys;

/// Purpose of the encryption of private keys.
pub(super) const PURPOSE: &str = "signing key";

/// Advisory lock that serializes the creation of keys.
const LOCK: i64 = 0x4b45_5953;

/// Tolerance for different clocks, and for processes that switch to a new key late.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::days(1);

/// Row of `signing_keys`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = signing_keys)]
pub struct SigningKey {
    /// Thumbprint of the key, which is the `kid` of its tokens.
    pub id: String,
    pub(super) private_key: Vec<u8>,
    pub(super) public_jwk: serde_json::Value,
    pub signs_from: DateTime<Utc>,
    /// Time at which the successor takes over. None while there is no successor.
    pub retired_at: Option<DateTime<Utc>>,
    pub token_days: i32,
}

/// State of a key at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, but does not sign yet.
    Announced,
    /// Signs and verifies tokens.
    Signing,
    /// Verifies the tokens that it signed.
    Retired,
    /// All its tokens have expired.
    Expired,
}

/// Lifetime and times of a new key.
pub(super) struct NewSigningKey {
    pub token_days: i32,
    pub created_at: DateTime<Utc>,
    pub signs_from: DateTime<Utc>,
}

impl SigningKey {
    /// Returns the time at which its last token expires. None while the key has no successor.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.retired_at.map(|retired_at| retired_at + TimeDelta::days(self.token_days.into()) + CLOCK_TOLERANCE)
    }

    /// Returns the state of the key at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        match (self.retired_at, self.expires_at()) {
            (_, Some(expires_at)) if expires_at <= now => KeyState::Expired,
            (Some(retired_at), _) if retired_at <= now => KeyState::Retired,
            _ if self.signs_from > now => KeyState::Announced,
            _ => KeyState::Signing,
        }
    }

    /// Locks the creation of keys for this transaction and returns all keys.
    pub(super) fn lock_all(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        diesel::sql_query(format!("select pg_advisory_xact_lock({LOCK})")).execute(conn)?;
        Self::list(conn)
    }

    /// Returns all keys, newest first.
    pub(super) fn list(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((signing_keys::signs_from.desc(), signing_keys::id)).load(conn)
    }

    pub(super) fn insert(conn: &mut PgConnection, master: &Arc<MasterKey>, new: &NewSigningKey) -> Result<Self> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| anyhow!("cannot generate a signing key"))?;
        let signing = EncodingKey::from_ec_der(private.as_ref());
        let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let inserted = diesel::insert_into(signing_keys::table)
            .values((
                signing_keys::id.eq(id),
                signing_keys::private_key.eq(master.encrypt(PURPOSE, private.as_ref())?),
                signing_keys::public_jwk.eq(serde_json::to_value(&jwk)?),
                signing_keys::created_at.eq(new.created_at),
                signing_keys::signs_from.eq(new.signs_from),
                signing_keys::token_days.eq(new.token_days),
            ))
            .returning(Self::as_returning())
            .get_result(conn)?;
        Ok(inserted)
    }

    /// Raises the token lifetime of the active keys to `token_days`. A shorter setting does not lower it, because
    /// issued tokens keep their lifetime.
    pub(super) fn extend_token_lifetime(conn: &mut PgConnection, token_days: i32) -> QueryResult<usize> {
        let shorter = signing_keys::table.filter(signing_keys::token_days.lt(token_days));
        diesel::update(shorter.filter(signing_keys::retired_at.is_null()))
            .set(signing_keys::token_days.eq(token_days))
            .execute(conn)
    }

    /// Retires all other keys at the time at which `successor` starts to sign.
    pub(super) fn retire_before(conn: &mut PgConnection, successor: &Self) -> QueryResult<usize> {
        let others = signing_keys::table.filter(signing_keys::id.ne(&successor.id));
        diesel::update(others.filter(signing_keys::retired_at.is_null()))
            .set(signing_keys::retired_at.eq(successor.signs_from))
            .execute(conn)
    }

    pub(super) fn delete(conn: &mut PgConnection, ids: &[&str]) -> QueryResult<usize> {
        diesel::delete(signing_keys::table.filter(signing_keys::id.eq_any(ids))).execute(conn)
    }
}
