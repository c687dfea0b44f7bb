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

/// Binds a sealed private key to what it is for.
pub(super) const PURPOSE: &str = "signing key";

/// Held while keys are made, so that of two processes one makes them.
const LOCK: i64 = 0x4b45_5953;

/// Clocks differ, and so do the moments at which processes see that they should sign with another key.
const SLACK: TimeDelta = TimeDelta::days(1);

/// A key that signs tokens, and when it does.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = signing_keys)]
pub struct SigningKey {
    /// Its thumbprint, which tokens carry as `kid`.
    pub id: String,
    pub(super) private_key: Vec<u8>,
    pub(super) public_jwk: serde_json::Value,
    pub signs_from: DateTime<Utc>,
    /// When it stops signing, if its successor is known.
    pub retired_at: Option<DateTime<Utc>>,
    pub token_days: i32,
}

/// What a key does at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, so that everybody knows it before it signs.
    Announced,
    /// Signs tokens, and checks them.
    Signing,
    /// Checks the tokens that it signed.
    Checking,
    /// The last of its tokens is over.
    Over,
}

impl SigningKey {
    /// When the last token that it signed is over; none while it is not known when it stops signing.
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.retired_at.map(|retired_at| retired_at + TimeDelta::days(self.token_days.into()) + SLACK)
    }

    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        match (self.retired_at, self.ends_at()) {
            (_, Some(ends_at)) if ends_at <= now => KeyState::Over,
            (Some(retired_at), _) if retired_at <= now => KeyState::Checking,
            _ if self.signs_from > now => KeyState::Announced,
            _ => KeyState::Signing,
        }
    }

    /// Of two processes that make keys, the second waits until the first has committed.
    pub(super) fn lock_all(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        diesel::sql_query(format!("select pg_advisory_xact_lock({LOCK})")).execute(conn)?;
        Self::all(conn)
    }

    /// The newest first.
    pub(super) fn all(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((signing_keys::signs_from.desc(), signing_keys::id)).load(conn)
    }

    pub(super) fn insert(
        conn: &mut PgConnection,
        master: &Arc<MasterKey>,
        token_days: i32,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Self> {
        let (now, signs_from) = times;
        let random = aws_lc_rs::rand::SystemRandom::new();
        let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| anyhow!("no signing key could be made"))?;
        let signing = EncodingKey::from_ec_der(private.as_ref());
        let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let inserted = diesel::insert_into(signing_keys::table)
            .values((
                signing_keys::id.eq(id),
                signing_keys::private_key.eq(master.seal(PURPOSE, private.as_ref())?),
                signing_keys::public_jwk.eq(serde_json::to_value(&jwk)?),
                signing_keys::created_at.eq(now),
                signing_keys::signs_from.eq(signs_from),
                signing_keys::token_days.eq(token_days),
            ))
            .returning(Self::as_returning())
            .get_result(conn)?;
        Ok(inserted)
    }

    /// Remembers that tokens of so many days may be signed from now on; a shorter life later changes nothing for those
    /// that are out there.
    pub(super) fn lengthen(conn: &mut PgConnection, token_days: i32) -> QueryResult<usize> {
        let shorter = signing_keys::table.filter(signing_keys::token_days.lt(token_days));
        diesel::update(shorter.filter(signing_keys::retired_at.is_null()))
            .set(signing_keys::token_days.eq(token_days))
            .execute(conn)
    }

    /// All keys but `successor` stop signing when it starts.
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
