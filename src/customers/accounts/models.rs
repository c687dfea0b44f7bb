//! Rows of `users` and `customers`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::{Value, json};

use super::errors::AccountError;
use super::hashes::PasswordHash;
use crate::platform::auth::sha256;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{CustomerId, Email, Language, Phone, UserId};
use crate::schema::{customers, users};

/// Somebody who signs in.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = users)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub password_hash: Option<PasswordHash>,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub version: i32,
}

impl User {
    pub fn find(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(users::id.eq(id)).first(conn).optional()
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[UserId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(users::id.eq_any(ids)).load(conn)
    }

    /// Locked until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(users::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    pub fn find_by_email(conn: &mut PgConnection, email: &Email) -> QueryResult<Option<Self>> {
        Self::query().filter(users::email.eq(email)).first(conn).optional()
    }

    pub(super) fn exist(conn: &mut PgConnection) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result(conn)
    }

    /// What a person is called, in a letter to them.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Makes the user, unless somebody has the address already.
    pub(super) fn insert(
        conn: &mut PgConnection,
        account: &NewAccount,
        now: DateTime<Utc>,
    ) -> Result<Self, AccountError> {
        Self::insert_unless_known(conn, account, now)?.ok_or(AccountError::EmailTaken)
    }

    /// Makes the user; none where somebody has the address already.
    pub(super) fn insert_unless_known(
        conn: &mut PgConnection,
        account: &NewAccount,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Self>> {
        diesel::insert_into(users::table)
            .values((
                users::id.eq(UserId::generate()),
                users::email.eq(&account.email),
                users::password_hash.eq(&account.password_hash),
                users::first_name.eq(&account.first_name),
                users::last_name.eq(&account.last_name),
                users::is_staff.eq(account.is_staff),
                users::is_superuser.eq(account.is_superuser),
                users::created_at.eq(now),
                users::updated_at.eq(now),
            ))
            .on_conflict(users::email)
            .do_nothing()
            .returning(Self::as_returning())
            .get_result(conn)
            .optional()
    }

    /// Whether the address is known to be theirs.
    pub const fn is_verified(&self) -> bool {
        self.email_verified_at.is_some()
    }

    /// A digest of e-mail and password as they are: what is bound to it is no good when either has changed.
    pub fn credentials(&self) -> Vec<u8> {
        let hash = self.password_hash.as_ref().map_or("", PasswordHash::as_str);
        sha256(format!("{}\0{hash}", self.email))
    }

    /// Notes that they signed in; false where the password that was right is no longer theirs, or the account is off.
    pub(super) fn set_last_login(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<bool> {
        let same = users::password_hash.is_not_distinct_from(&self.password_hash);
        let noted = diesel::update(users::table.find(self.id).filter(users::is_active).filter(same))
            .set(users::last_login_at.eq(now))
            .execute(conn)?;
        Ok(noted == 1)
    }

    pub(super) fn set_password(
        &self,
        conn: &mut PgConnection,
        hash: &PasswordHash,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::update(users::table.find(self.id))
            .set((users::password_hash.eq(hash), users::version.eq(users::version + 1), users::updated_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn forget_password(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        let version = users::version.eq(users::version + 1);
        diesel::update(users::table.find(self.id))
            .set((users::password_hash.eq(None::<PasswordHash>), version, users::updated_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn set_verified(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(users::table.find(self.id))
            .set((users::email_verified_at.eq(now), users::version.eq(users::version + 1), users::updated_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn set_email(
        &self,
        conn: &mut PgConnection,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<usize, AccountError> {
        let version = users::version.eq(users::version + 1);
        diesel::update(users::table.find(self.id))
            .set((users::email.eq(email), users::email_verified_at.eq(now), version, users::updated_at.eq(now)))
            .execute(conn)
            .on_constraint("users_email_key", || AccountError::EmailTaken)
    }

    pub(super) fn set_active(
        conn: &mut PgConnection,
        id: UserId,
        is_active: bool,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::update(users::table.find(id))
            .set((users::is_active.eq(is_active), users::version.eq(users::version + 1), users::updated_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn set_staff(
        conn: &mut PgConnection,
        id: UserId,
        is_staff: bool,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::update(users::table.find(id))
            .set((
                users::is_staff.eq(is_staff),
                // Superusers are staff: who is none is no superuser either.
                users::is_superuser.eq(users::is_superuser.and(is_staff.into_sql::<Bool>())),
                users::version.eq(users::version + 1),
                users::updated_at.eq(now),
            ))
            .execute(conn)
    }

    /// Keeps the same password in another form; false where it was changed meanwhile.
    pub(super) fn upgrade_password(
        conn: &mut PgConnection,
        id: UserId,
        hashes: (&PasswordHash, &PasswordHash),
    ) -> QueryResult<bool> {
        let (old, new) = hashes;
        let unchanged = users::table.find(id).filter(users::password_hash.eq(old));
        Ok(diesel::update(unchanged).set(users::password_hash.eq(new)).execute(conn)? == 1)
    }

    pub(super) fn delete(conn: &mut PgConnection, id: UserId) -> QueryResult<usize> {
        diesel::delete(users::table.find(id)).execute(conn)
    }
}

/// An account to make.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub email: Email,
    pub password_hash: Option<PasswordHash>,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// Of the mails to them.
    pub language: Language,
    pub is_staff: bool,
    pub is_superuser: bool,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
}

impl UserChanges {
    pub(super) fn apply(&self, conn: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> QueryResult<Option<User>> {
        diesel::update(users::table.find(id))
            .set((self, users::version.eq(users::version + 1), users::updated_at.eq(now)))
            .returning(User::as_returning())
            .get_result(conn)
            .optional()
    }
}

/// Somebody who buys.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = customers)]
pub struct Customer {
    pub id: CustomerId,
    pub user_id: Option<UserId>,
    pub name: String,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub language: String,
    pub metadata: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Since when only the books know of them.
    pub erased_at: Option<DateTime<Utc>>,
}

impl Customer {
    /// Whether there is a person behind it still.
    pub const fn is_known(&self) -> bool {
        self.erased_at.is_none()
    }

    pub fn find(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::id.eq(id)).first(conn).optional()
    }

    /// What the shop has written down about them.
    pub(super) fn notes(conn: &mut PgConnection, id: CustomerId) -> QueryResult<String> {
        customers::table.find(id).select(customers::notes).first(conn)
    }

    pub(super) fn find_by_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::user_id.eq(user)).first(conn).optional()
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(customers::id.eq_any(ids)).load(conn)
    }

    /// Locked until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    /// Locked until the transaction ends. Whoever locks the user as well comes here first.
    pub(super) fn lock_of_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::user_id.eq(user)).for_no_key_update().first(conn).optional()
    }

    /// The one whose account has this address, locked until the transaction ends.
    pub(super) fn lock_by_account_email(conn: &mut PgConnection, email: &Email) -> QueryResult<Option<Self>> {
        let owner = users::table.filter(users::email.eq(email)).select(users::id.nullable());
        let theirs = Self::query().filter(customers::user_id.eq_any(owner));
        theirs.for_no_key_update().first(conn).optional()
    }

    pub(super) fn set_email(&self, conn: &mut PgConnection, email: &Email, now: DateTime<Utc>) -> QueryResult<usize> {
        let version = customers::version.eq(customers::version + 1);
        diesel::update(customers::table.find(self.id))
            .set((customers::email.eq(email), version, customers::updated_at.eq(now)))
            .execute(conn)
    }

    /// Leaves nothing but the id, for the books.
    pub(super) fn strip(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(customers::table.find(self.id))
            .set((
                customers::user_id.eq(None::<UserId>),
                customers::external_id.eq(None::<String>),
                customers::name.eq(""),
                customers::email.eq(None::<Email>),
                customers::phone.eq(None::<Phone>),
                customers::language.eq(Language::default().as_str()),
                customers::notes.eq(""),
                customers::metadata.eq(json!({})),
                customers::private_metadata.eq(json!({})),
                customers::version.eq(customers::version + 1),
                customers::updated_at.eq(now),
                customers::erased_at.eq(now),
            ))
            .execute(conn)
    }

    pub(super) fn insert(
        conn: &mut PgConnection,
        user: &User,
        account: &NewAccount,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::insert_into(customers::table)
            .values((
                customers::id.eq(CustomerId::generate()),
                customers::user_id.eq(user.id),
                customers::email.eq(&user.email),
                customers::phone.eq(&account.phone),
                customers::language.eq(account.language.as_str()),
                customers::created_at.eq(now),
                customers::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = customers)]
pub(super) struct CustomerChanges {
    pub name: Option<String>,
    pub phone: Option<Option<Phone>>,
    pub language: Option<String>,
    pub metadata: Option<Value>,
    pub private_metadata: Option<Value>,
}

impl CustomerChanges {
    pub(super) fn apply(
        &self,
        conn: &mut PgConnection,
        id: CustomerId,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Customer>> {
        diesel::update(customers::table.find(id))
            .set((self, customers::version.eq(customers::version + 1), customers::updated_at.eq(now)))
            .returning(Customer::as_returning())
            .get_result(conn)
            .optional()
    }
}
