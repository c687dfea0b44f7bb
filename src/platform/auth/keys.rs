//! The keys that sign tokens: ES256, kept sealed in the database, published as a JSON Web Key Set (RFC 7517).

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use super::MasterKey;
use crate::schema::signing_keys;

/// Binds a sealed private key to what it is for.
const PURPOSE: &str = "signing key";

/// Held while the first key is made, so that two processes that start together make one.
const FIRST_KEY_LOCK: i64 = 0x4b45_5953;

/// Signs and checks tokens.
pub struct TokenKeys {
    pub(super) kid: String,
    pub(super) signing: EncodingKey,
    pub(super) checking: HashMap<String, DecodingKey>,
    pub(super) issuer: String,
    pub(super) access_seconds: u32,
    pub(super) master: Arc<MasterKey>,
    set: JwkSet,
}

#[derive(HasQuery)]
#[diesel(table_name = signing_keys)]
struct SigningKey {
    id: String,
    private_key: Vec<u8>,
    public_jwk: serde_json::Value,
    retired_at: Option<DateTime<Utc>>,
}

impl TokenKeys {
    /// The shop's keys, the first one made where there is none. Runs in the caller's transaction.
    pub fn load(
        conn: &mut PgConnection,
        master: Arc<MasterKey>,
        issuer: &str,
        access_seconds: u32,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        diesel::sql_query(format!("select pg_advisory_xact_lock({FIRST_KEY_LOCK})")).execute(conn)?;
        let mut rows = SigningKey::query().order(signing_keys::created_at.desc()).load(conn)?;
        if rows.iter().all(|row| row.retired_at.is_some()) {
            rows.insert(0, make_key(conn, &master, now)?);
        }
        let active = rows.iter().find(|row| row.retired_at.is_none()).context("no key was made")?;
        let signing = EncodingKey::from_ec_der(&master.open(PURPOSE, &active.private_key)?);
        let mut keys = Vec::new();
        let mut checking = HashMap::new();
        for row in &rows {
            let jwk: Jwk = serde_json::from_value(row.public_jwk.clone()).context("a stored key is no JWK")?;
            checking.insert(row.id.clone(), DecodingKey::from_jwk(&jwk)?);
            keys.push(jwk);
        }
        Ok(Self {
            kid: active.id.clone(),
            signing,
            checking,
            issuer: issuer.to_owned(),
            access_seconds,
            master,
            set: JwkSet { keys },
        })
    }

    /// What `/.well-known/jwks.json` shows.
    pub const fn public_set(&self) -> &JwkSet {
        &self.set
    }
}

fn make_key(conn: &mut PgConnection, master: &MasterKey, now: DateTime<Utc>) -> Result<SigningKey> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
        .map_err(|_| anyhow!("no signing key could be made"))?;
    let signing = EncodingKey::from_ec_der(private.as_ref());
    let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256)?;
    let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
    jwk.common.key_id = Some(id.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let row = SigningKey {
        id,
        private_key: master.seal(PURPOSE, private.as_ref())?,
        public_jwk: serde_json::to_value(&jwk)?,
        retired_at: None,
    };
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::id.eq(&row.id),
            signing_keys::private_key.eq(&row.private_key),
            signing_keys::public_jwk.eq(&row.public_jwk),
            signing_keys::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(row)
}
