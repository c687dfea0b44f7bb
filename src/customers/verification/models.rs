//! Rows of `account_tokens`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::types::{Email, EventId, UserId, text_enum};
use crate::schema::account_tokens;

text_enum! {
    /// What a token lets its holder do.
    pub enum Purpose {
        /// Show that the address is theirs.
        VerifyEmail = "verify_email",
        /// Choose another password.
        ResetPassword = "reset_password",
        /// Use another address.
        ChangeEmail = "change_email",
        /// Delete an account that has no password to ask for.
        DeleteAccount = "delete_account",
        /// Choose the first password of somebody who is to work here.
        AcceptInvitation = "accept_invitation",
    }
}

impl Purpose {
    /// Those that let their holder choose a password.
    pub(super) const CHOOSING_PASSWORD: [Self; 2] = [Self::ResetPassword, Self::AcceptInvitation];

    /// For how long it is good.
    pub const fn hours(self) -> i64 {
        match self {
            Self::VerifyEmail | Self::AcceptInvitation => 72,
            Self::ChangeEmail => 24,
            Self::ResetPassword | Self::DeleteAccount => 2,
        }
    }

    /// The page of the shop that does it.
    pub(super) const fn page(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/account/verify-email",
            Self::ResetPassword | Self::AcceptInvitation => "/account/reset-password",
            Self::ChangeEmail => "/account/change-email",
            Self::DeleteAccount => "/account/delete",
        }
    }
}

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = account_tokens)]
pub(super) struct AccountToken {
    id: Uuid,
    pub user_id: UserId,
    pub email: Email,
    pub credentials: Vec<u8>,
}

/// A token to write down.
pub(super) struct NewToken<'a> {
    /// Of what makes it necessary: a job that runs twice makes one.
    pub event: EventId,
    pub user: UserId,
    pub purpose: Purpose,
    pub hash: Vec<u8>,
    pub email: &'a Email,
    pub credentials: Vec<u8>,
}

impl NewToken<'_> {
    pub fn insert(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::insert_into(account_tokens::table)
            .values((
                account_tokens::id.eq(self.event.as_uuid()),
                account_tokens::user_id.eq(self.user),
                account_tokens::purpose.eq(self.purpose),
                account_tokens::token_hash.eq(&self.hash),
                account_tokens::email.eq(self.email),
                account_tokens::credentials.eq(&self.credentials),
                account_tokens::created_at.eq(now),
                account_tokens::expires_at.eq(now + TimeDelta::hours(self.purpose.hours())),
            ))
            .execute(conn)
    }
}

impl AccountToken {
    /// The live token of this hash, made for any of these.
    pub fn find(
        conn: &mut PgConnection,
        purposes: &[Purpose],
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(account_tokens::token_hash.eq(hash))
            .filter(account_tokens::purpose.eq_any(purposes))
            .filter(account_tokens::ended_at.is_null())
            .filter(account_tokens::expires_at.gt(now))
            .first(conn)
            .optional()
    }

    /// Uses it up; false where somebody was quicker.
    pub fn spend(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<bool> {
        let live = account_tokens::table.find(self.id).filter(account_tokens::ended_at.is_null());
        let spent = diesel::update(live).set(account_tokens::ended_at.eq(now)).execute(conn)?;
        Ok(spent == 1)
    }

    /// Which were made for somebody since `since`, and when.
    pub fn made_since(
        conn: &mut PgConnection,
        user: UserId,
        purpose: Purpose,
        since: DateTime<Utc>,
    ) -> QueryResult<Vec<(Uuid, DateTime<Utc>)>> {
        account_tokens::table
            .filter(account_tokens::user_id.eq(user))
            .filter(account_tokens::purpose.eq(purpose))
            .filter(account_tokens::created_at.gt(since))
            .select((account_tokens::id, account_tokens::created_at))
            .load(conn)
    }

    /// Ends somebody's tokens: those of one purpose, or all.
    pub fn end(
        conn: &mut PgConnection,
        user: UserId,
        purpose: Option<Purpose>,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        let purposes = purpose.map_or_else(|| Purpose::ALL.to_vec(), |purpose| vec![purpose]);
        let live = account_tokens::table
            .filter(account_tokens::user_id.eq(user))
            .filter(account_tokens::purpose.eq_any(purposes))
            .filter(account_tokens::ended_at.is_null());
        diesel::update(live).set(account_tokens::ended_at.eq(now)).execute(conn)
    }

    /// Deletes those that expired before `before`.
    pub fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(account_tokens::table.filter(account_tokens::expires_at.lt(before))).execute(conn)
    }
}
