//! Credentials and identities of providers, and rows of `identities`, `oauth_attempts` and `spent_id_tokens`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::platform::oidc::{CodeGrant, IdentityClaims};
use crate::platform::types::{Email, UserId, typed_id};
use crate::schema::{identities, oauth_attempts, spent_id_tokens};

typed_id!(
    /// Id of an account at an identity provider.
    IdentityId
);

/// Credential that a client obtained from a provider.
#[derive(Debug)]
pub(super) enum ProviderCredential {
    Code(CodeGrant),
    /// The nonce binds the token to one sign-in, because the token itself can be intercepted.
    IdToken {
        id_token: String,
        nonce: String,
    },
}

/// Identity that a provider confirmed and that passed all checks.
#[derive(Debug, Clone)]
pub(super) struct VerifiedIdentity {
    pub provider: String,
    pub claims: IdentityClaims,
    /// True if the client sent the id_token, false if the server received it from the provider.
    pub is_from_client: bool,
}

/// Row of `identities`: an account at a provider, identified by issuer and subject, linked to a user.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = identities)]
pub struct Identity {
    pub id: IdentityId,
    pub user_id: UserId,
    pub provider: String,
    pub subject: String,
    /// E-mail address at the last sign-in with this identity.
    pub email: Email,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

impl Identity {
    /// Locks the subject until the transaction ends, so that two concurrent first sign-ins create one account.
    pub fn lock_subject(conn: &mut PgConnection, claims: &IdentityClaims) -> QueryResult<()> {
        let subject = format!("identity {} {}", claims.issuer, claims.subject);
        diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(subject)
            .execute(conn)
            .map(|_| ())
    }

    pub fn find_by_subject(conn: &mut PgConnection, claims: &IdentityClaims) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(identities::issuer.eq(&claims.issuer))
            .filter(identities::subject.eq(&claims.subject))
            .first(conn)
            .optional()
    }

    /// Returns the user's identities in the order in which they were linked.
    pub fn list(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(identities::user_id.eq(user)).order(identities::id).load(conn)
    }

    /// Returns the user's identities, locked so that two concurrent requests cannot unlink the last two.
    pub fn lock_all(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(identities::user_id.eq(user)).order(identities::id).for_update().load(conn)
    }

    pub fn insert(
        conn: &mut PgConnection,
        user: UserId,
        verified: &VerifiedIdentity,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        let VerifiedIdentity { provider, claims, .. } = verified;
        diesel::insert_into(identities::table)
            .values((
                identities::id.eq(IdentityId::generate()),
                identities::user_id.eq(user),
                identities::provider.eq(provider),
                identities::issuer.eq(&claims.issuer),
                identities::subject.eq(&claims.subject),
                identities::email.eq(&claims.email),
                identities::created_at.eq(now),
                identities::last_used_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub fn record_use(&self, conn: &mut PgConnection, email: &Email, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(identities::table.find(self.id))
            .set((identities::email.eq(email), identities::last_used_at.eq(now)))
            .execute(conn)
    }

    pub fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(identities::table.find(self.id)).execute(conn)
    }
}

/// Row of `oauth_attempts`: a browser that was redirected to a provider and has not returned yet.
#[derive(Debug, Insertable, Queryable)]
#[diesel(table_name = oauth_attempts)]
pub(super) struct OAuthAttempt {
    pub state_hash: Vec<u8>,
    pub browser_hash: Vec<u8>,
    pub provider: String,
    pub sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Values that identify an attempt at the callback.
#[derive(Debug)]
pub(super) struct OAuthAttemptKey<'a> {
    pub state_hash: &'a [u8],
    pub browser_hash: &'a [u8],
    pub provider: &'a str,
}

impl OAuthAttempt {
    pub fn insert(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::insert_into(oauth_attempts::table).values(self).execute(conn)
    }

    /// Deletes the unexpired attempt with this key and returns its encrypted state.
    pub fn take(
        conn: &mut PgConnection,
        key: &OAuthAttemptKey<'_>,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Vec<u8>>> {
        let attempt = oauth_attempts::table
            .filter(oauth_attempts::state_hash.eq(key.state_hash))
            .filter(oauth_attempts::browser_hash.eq(key.browser_hash))
            .filter(oauth_attempts::provider.eq(key.provider))
            .filter(oauth_attempts::expires_at.gt(now));
        diesel::delete(attempt).returning(oauth_attempts::sealed).get_result(conn).optional()
    }

    pub fn delete_expired(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(oauth_attempts::table.filter(oauth_attempts::expires_at.le(now))).execute(conn)
    }
}

/// Row of `spent_id_tokens`: digest of an id_token that a client has used.
pub(super) struct SpentToken;

impl SpentToken {
    /// Stores the digest. Returns false if it was stored before.
    pub fn insert(conn: &mut PgConnection, digest: &[u8], expires_at: DateTime<Utc>) -> QueryResult<bool> {
        let inserted = diesel::insert_into(spent_id_tokens::table)
            .values((spent_id_tokens::digest.eq(digest), spent_id_tokens::expires_at.eq(expires_at)))
            .on_conflict_do_nothing()
            .execute(conn)?;
        Ok(inserted == 1)
    }

    pub fn delete_expired(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(spent_id_tokens::table.filter(spent_id_tokens::expires_at.le(now))).execute(conn)
    }
}
