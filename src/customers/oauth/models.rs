//! Rows of `identities`, `oauth_attempts` and `spent_id_tokens`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::vouching::Voucher;
use crate::platform::oidc::IdentityClaims;
use crate::platform::types::{Email, UserId, typed_id};
use crate::schema::{identities, oauth_attempts, spent_id_tokens};

typed_id!(
    /// Who a user is at a provider.
    IdentityId
);

/// Who a user is at a provider: its issuer and the subject there.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = identities)]
pub(super) struct Identity {
    pub id: IdentityId,
    pub user_id: UserId,
    pub provider: String,
    pub subject: String,
    /// As the provider told it last.
    pub email: Email,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

impl Identity {
    /// Until the transaction ends, nobody else looks this subject up: of two first sign-ins one comes first.
    pub fn take_turn(conn: &mut PgConnection, claims: &IdentityClaims) -> QueryResult<()> {
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

    /// In the order in which they were linked.
    pub fn list(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(identities::user_id.eq(user)).order(identities::id).load(conn)
    }

    /// All of a user's, locked: of two that are unlinked at once, one comes first.
    pub fn lock_all(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        Self::query().filter(identities::user_id.eq(user)).order(identities::id).for_update().load(conn)
    }

    pub fn insert(conn: &mut PgConnection, user: UserId, voucher: &Voucher, now: DateTime<Utc>) -> QueryResult<Self> {
        let Voucher { provider, claims, .. } = voucher;
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

    pub fn note_use(&self, conn: &mut PgConnection, email: &Email, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(identities::table.find(self.id))
            .set((identities::email.eq(email), identities::last_used_at.eq(now)))
            .execute(conn)
    }

    pub fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(identities::table.find(self.id)).execute(conn)
    }
}

/// Somebody who was sent to a provider and is expected back.
#[derive(Debug, Insertable, Queryable)]
#[diesel(table_name = oauth_attempts)]
pub(super) struct Attempt {
    pub state_hash: Vec<u8>,
    pub browser_hash: Vec<u8>,
    pub provider: String,
    pub sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Attempt {
    pub fn insert(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::insert_into(oauth_attempts::table).values(self).execute(conn)
    }

    /// What was sealed for this state, browser and provider, which is then forgotten: it counts once.
    pub fn take(
        conn: &mut PgConnection,
        hashes: (&[u8], &[u8]),
        provider: &str,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Vec<u8>>> {
        let (state_hash, browser_hash) = hashes;
        let theirs = oauth_attempts::table
            .filter(oauth_attempts::state_hash.eq(state_hash))
            .filter(oauth_attempts::browser_hash.eq(browser_hash))
            .filter(oauth_attempts::provider.eq(provider))
            .filter(oauth_attempts::expires_at.gt(now));
        diesel::delete(theirs).returning(oauth_attempts::sealed).get_result(conn).optional()
    }

    pub fn delete_expired(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(oauth_attempts::table.filter(oauth_attempts::expires_at.le(now))).execute(conn)
    }
}

/// A token that somebody brought along.
pub(super) struct SpentToken;

impl SpentToken {
    /// False where it was spent before.
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
