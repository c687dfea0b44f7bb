//! Rows of `account_tokens`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::customers::accounts::User;
use crate::platform::types::{Email, EventId, UserId, text_enum};
use crate::schema::account_tokens;

text_enum! {
    /// Operation that a token allows.
    pub enum TokenPurpose {
        /// Verify the e-mail address.
        VerifyEmail = "verify_email",
        /// Replace the password.
        ResetPassword = "reset_password",
        /// Change the e-mail address to the one that the token was sent to.
        ChangeEmail = "change_email",
        /// Delete an account that has no password.
        DeleteAccount = "delete_account",
        /// Set the first password of an invited staff member.
        AcceptInvitation = "accept_invitation",
    }
}

impl TokenPurpose {
    /// Purposes that allow setting a password.
    pub(super) const SETTING_PASSWORD: [Self; 2] = [Self::ResetPassword, Self::AcceptInvitation];

    /// Returns the number of hours for which a token is valid.
    pub const fn valid_hours(self) -> i64 {
        match self {
            Self::VerifyEmail | Self::AcceptInvitation => 72,
            Self::ChangeEmail => 24,
            Self::ResetPassword | Self::DeleteAccount => 2,
        }
    }

    /// Returns the path of the storefront page that redeems the token.
    pub(super) const fn page(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/account/verify-email",
            Self::ResetPassword | Self::AcceptInvitation => "/account/reset-password",
            Self::ChangeEmail => "/account/change-email",
            Self::DeleteAccount => "/account/delete",
        }
    }
}

text_enum! {
    /// E-mail that contains a token. The name is also the name of the template.
    pub enum TokenMail {
        /// Contains the key with which a new customer verifies the address.
        VerifyEmail = "verify_email",
        /// Reports a repeated registration to the owner of the account.
        AccountExists = "account_exists",
        /// Lets a user replace a forgotten password.
        ResetPassword = "reset_password",
        /// Invites a user to become a staff member.
        StaffInvitation = "staff_invitation",
    }
}

impl TokenMail {
    pub(super) const fn purpose(self) -> TokenPurpose {
        match self {
            Self::VerifyEmail => TokenPurpose::VerifyEmail,
            Self::AccountExists | Self::ResetPassword => TokenPurpose::ResetPassword,
            Self::StaffInvitation => TokenPurpose::AcceptInvitation,
        }
    }

    /// Returns false for an invitation to a user with a password, who accepts it by signing in.
    pub(super) const fn needs_link(self, user: &User) -> bool {
        !matches!(self, Self::StaffInvitation) || user.password_hash.is_none()
    }
}

/// Row of `account_tokens`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = account_tokens)]
pub(super) struct AccountToken {
    id: Uuid,
    pub user_id: UserId,
    pub email: Email,
    /// Digest of e-mail address and password hash for which the token is valid.
    pub credentials: Vec<u8>,
}

/// Values of a new token.
pub(super) struct NewToken<'a> {
    /// Event that causes the e-mail, and id of the token: a job that runs twice issues one token.
    pub event: EventId,
    pub user: UserId,
    pub purpose: TokenPurpose,
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
                account_tokens::expires_at.eq(now + TimeDelta::hours(self.purpose.valid_hours())),
            ))
            .execute(conn)
    }
}

impl AccountToken {
    /// Finds the valid token with this hash and one of these purposes.
    pub fn find(
        conn: &mut PgConnection,
        purposes: &[TokenPurpose],
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

    /// Marks the token as used. Returns false if a concurrent request has used it.
    pub fn mark_used(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<bool> {
        let unused = account_tokens::table.find(self.id).filter(account_tokens::ended_at.is_null());
        let updated = diesel::update(unused).set(account_tokens::ended_at.eq(now)).execute(conn)?;
        Ok(updated == 1)
    }

    /// Returns id and time of the tokens that were issued to a user after `since`.
    pub fn list_issued_since(
        conn: &mut PgConnection,
        user: UserId,
        purpose: TokenPurpose,
        since: DateTime<Utc>,
    ) -> QueryResult<Vec<(Uuid, DateTime<Utc>)>> {
        account_tokens::table
            .filter(account_tokens::user_id.eq(user))
            .filter(account_tokens::purpose.eq(purpose))
            .filter(account_tokens::created_at.gt(since))
            .select((account_tokens::id, account_tokens::created_at))
            .load(conn)
    }

    /// Revokes the tokens of a user: those of one purpose, or all.
    pub fn revoke(
        conn: &mut PgConnection,
        user: UserId,
        purpose: Option<TokenPurpose>,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        let purposes = purpose.map_or_else(|| TokenPurpose::ALL.to_vec(), |purpose| vec![purpose]);
        let live = account_tokens::table
            .filter(account_tokens::user_id.eq(user))
            .filter(account_tokens::purpose.eq_any(purposes))
            .filter(account_tokens::ended_at.is_null());
        diesel::update(live).set(account_tokens::ended_at.eq(now)).execute(conn)
    }

    /// Deletes the tokens that expired before `before`.
    pub fn delete_expired(conn: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(account_tokens::table.filter(account_tokens::expires_at.lt(before))).execute(conn)
    }
}
