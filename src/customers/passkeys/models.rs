//! Rows of `passkeys` and `passkey_ceremonies`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::errors::PasskeyError;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{UserId, new_uuid, text_enum, typed_id};
use crate::schema::{passkey_ceremonies, passkeys};

typed_id!(
    /// Id of a passkey.
    PasskeyId
);

/// Row of `passkeys`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = passkeys)]
pub struct Passkey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub(super) credential: Value,
    pub name: String,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Values of a new passkey.
pub(super) struct NewPasskey<'a> {
    pub user: UserId,
    pub credential_id: &'a [u8],
    pub credential: &'a Value,
    pub name: &'a str,
}

impl NewPasskey<'_> {
    pub fn insert(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Passkey, PasskeyError> {
        diesel::insert_into(passkeys::table)
            .values((
                passkeys::id.eq(PasskeyId::generate()),
                passkeys::user_id.eq(self.user),
                passkeys::credential_id.eq(self.credential_id),
                passkeys::credential.eq(self.credential),
                passkeys::name.eq(self.name),
                passkeys::created_at.eq(now),
                passkeys::updated_at.eq(now),
            ))
            .returning(Passkey::as_returning())
            .get_result(conn)
            .on_constraint("passkeys_credential_id_key", || PasskeyError::AlreadyRegistered)
    }
}

impl Passkey {
    /// Returns the passkeys of a user, oldest first.
    pub(super) fn list(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(passkeys::user_id.eq(user)).order((passkeys::created_at, passkeys::id)).load(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: PasskeyId, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(passkeys::id.eq(id).and(passkeys::user_id.eq(user))).first(conn).optional()
    }

    /// Locks a passkey of this user until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: PasskeyId, user: UserId) -> QueryResult<Option<Self>> {
        let own = passkeys::id.eq(id).and(passkeys::user_id.eq(user));
        Self::query().filter(own).for_update().first(conn).optional()
    }

    /// Locks the passkey with this credential id until the transaction ends.
    pub(super) fn lock_by_credential(conn: &mut PgConnection, credential_id: &[u8]) -> QueryResult<Option<Self>> {
        Self::query().filter(passkeys::credential_id.eq(credential_id)).for_update().first(conn).optional()
    }

    /// Stores the signature counter, which reveals a copied passkey, and the time of use.
    pub(super) fn record_use(
        &self,
        conn: &mut PgConnection,
        credential: &Value,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::update(passkeys::table.find(self.id))
            .set((passkeys::credential.eq(credential), passkeys::last_used_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn rename(&self, conn: &mut PgConnection, name: Option<&str>, now: DateTime<Utc>) -> QueryResult<Self> {
        diesel::update(passkeys::table.find(self.id))
            .set((
                name.map(|name| passkeys::name.eq(name)),
                passkeys::version.eq(passkeys::version + 1),
                passkeys::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(passkeys::table.find(self.id)).execute(conn)
    }

    /// Deletes all passkeys of a user, and returns their number.
    pub(super) fn delete_all(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
        diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).execute(conn)
    }
}

text_enum! {
    /// Purpose of a WebAuthn challenge.
    pub enum CeremonyKind {
        /// Registers a new passkey of a signed-in user.
        Registration = "registration",
        /// Completes a sign-in with a second factor.
        SecondFactor = "second_factor",
        /// Signs in. The user is unknown until the passkey identifies them.
        SignIn = "sign_in",
    }
}

/// Time within which a browser must answer a challenge.
const CEREMONY_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// Purpose and user of a WebAuthn challenge. The challenge can be answered only for the same purpose and user.
pub(super) struct Ceremony {
    pub kind: CeremonyKind,
    /// None for a sign-in.
    pub user: Option<UserId>,
}

impl Ceremony {
    /// Stores the state of an issued challenge.
    pub fn insert(
        &self,
        conn: &mut PgConnection,
        challenge_hash: &[u8],
        state: &Value,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::insert_into(passkey_ceremonies::table)
            .values((
                passkey_ceremonies::id.eq(new_uuid()),
                passkey_ceremonies::kind.eq(self.kind),
                passkey_ceremonies::user_id.eq(self.user),
                passkey_ceremonies::challenge_hash.eq(challenge_hash),
                passkey_ceremonies::state.eq(state),
                passkey_ceremonies::created_at.eq(now),
                passkey_ceremonies::expires_at.eq(now + CEREMONY_LIFETIME),
            ))
            .execute(conn)
    }

    /// Deletes a challenge and returns its state, so that a challenge is answered at most once. Returns None if it has
    /// another purpose or user, or if it has expired.
    pub fn take(
        &self,
        conn: &mut PgConnection,
        challenge_hash: &[u8],
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Value>> {
        let challenge = passkey_ceremonies::table
            .filter(passkey_ceremonies::challenge_hash.eq(challenge_hash))
            .filter(passkey_ceremonies::kind.eq(self.kind))
            .filter(passkey_ceremonies::user_id.is_not_distinct_from(self.user))
            .filter(passkey_ceremonies::expires_at.gt(now));
        diesel::delete(challenge).returning(passkey_ceremonies::state).get_result(conn).optional()
    }

    /// Deletes up to `limit` challenges that expired before `before`, and returns their number.
    pub fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let expired = passkey_ceremonies::table.filter(passkey_ceremonies::expires_at.lt(before));
        let ids: Vec<uuid::Uuid> = expired.select(passkey_ceremonies::id).limit(limit).load(conn)?;
        diesel::delete(passkey_ceremonies::table.filter(passkey_ceremonies::id.eq_any(ids))).execute(conn)
    }
}
