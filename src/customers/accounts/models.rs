//! Rows of `users` and `customers`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::{Value, json};

use super::errors::AccountError;
use crate::customers::passwords::PasswordHash;
use crate::platform::auth::sha256;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{Country, CustomerId, Email, Language, Phone, UserId};
use crate::schema::{customers, users};

/// Row of `users`: an account that can sign in.
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

    pub(super) fn list_by_ids(conn: &mut PgConnection, ids: &[UserId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(users::id.eq_any(ids)).load(conn)
    }

    /// Locks the row until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(users::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    pub fn find_by_email(conn: &mut PgConnection, email: &Email) -> QueryResult<Option<Self>> {
        Self::query().filter(users::email.eq(email)).first(conn).optional()
    }

    pub(super) fn any_exists(conn: &mut PgConnection) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result(conn)
    }

    /// Returns first and last name, for messages to the user.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Inserts a user, or returns `EmailTaken`.
    pub(super) fn insert(
        conn: &mut PgConnection,
        account: &NewAccount,
        now: DateTime<Utc>,
    ) -> Result<Self, AccountError> {
        Self::insert_unless_email_taken(conn, account, now)?.ok_or(AccountError::EmailTaken)
    }

    /// Inserts a user, or returns None if the e-mail address already has an account.
    pub(super) fn insert_unless_email_taken(
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

    /// Returns true if the user has verified the e-mail address.
    pub const fn is_verified(&self) -> bool {
        self.email_verified_at.is_some()
    }

    /// Returns a digest of the e-mail address and the password hash. Tokens that are bound to this digest become
    /// invalid when either changes.
    pub fn credentials_digest(&self) -> Vec<u8> {
        let hash = self.password_hash.as_ref().map_or("", PasswordHash::as_str);
        sha256(format!("{}\0{hash}", self.email))
    }

    /// Sets the time of the last sign-in. Returns false if the password has changed since this row was read, or if the
    /// account is inactive.
    pub(super) fn set_last_login(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<bool> {
        let same = users::password_hash.is_not_distinct_from(&self.password_hash);
        let updated = diesel::update(users::table.find(self.id).filter(users::is_active).filter(same))
            .set(users::last_login_at.eq(now))
            .execute(conn)?;
        Ok(updated == 1)
    }

    /// Sets the password hash, or removes it.
    pub(super) fn set_password(
        &self,
        conn: &mut PgConnection,
        hash: Option<&PasswordHash>,
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        diesel::update(users::table.find(self.id))
            .set((users::password_hash.eq(hash), users::version.eq(users::version + 1), users::updated_at.eq(now)))
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
                // A user who is not a staff member cannot be a superuser.
                users::is_superuser.eq(users::is_superuser.and(is_staff.into_sql::<Bool>())),
                users::version.eq(users::version + 1),
                users::updated_at.eq(now),
            ))
            .execute(conn)
    }

    /// Replaces the hash of an unchanged password. Returns false if the password has changed in the meantime.
    pub(super) fn upgrade_password(
        conn: &mut PgConnection,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> QueryResult<bool> {
        let unchanged = users::table.find(id).filter(users::password_hash.eq(old));
        Ok(diesel::update(unchanged).set(users::password_hash.eq(new)).execute(conn)? == 1)
    }

    pub(super) fn delete(conn: &mut PgConnection, id: UserId) -> QueryResult<usize> {
        diesel::delete(users::table.find(id)).execute(conn)
    }
}

/// Values of a new account: the user and the customer profile.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub email: Email,
    pub password_hash: Option<PasswordHash>,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// Language of the messages to the customer.
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

/// Row of `customers`: a buyer, with or without an account.
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
    /// Time at which the personal data was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

impl Customer {
    /// Returns true if the personal data was erased and only the id remains.
    pub const fn is_erased(&self) -> bool {
        self.erased_at.is_some()
    }

    pub fn find(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::id.eq(id)).first(conn).optional()
    }

    /// Returns the internal notes of the shop about the customer.
    pub(super) fn notes(conn: &mut PgConnection, id: CustomerId) -> QueryResult<String> {
        customers::table.find(id).select(customers::notes).first(conn)
    }

    pub(super) fn find_by_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::user_id.eq(user)).first(conn).optional()
    }

    pub(super) fn list_by_ids(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(customers::id.eq_any(ids)).load(conn)
    }

    /// Locks the row until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    /// Locks the profile of a user until the transaction ends. A caller that also locks the user locks the customer
    /// first.
    pub(super) fn lock_by_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        Self::query().filter(customers::user_id.eq(user)).for_no_key_update().first(conn).optional()
    }

    /// Locks the customer whose account has this e-mail address until the transaction ends.
    pub(super) fn lock_by_account_email(conn: &mut PgConnection, email: &Email) -> QueryResult<Option<Self>> {
        let owner = users::table.filter(users::email.eq(email)).select(users::id.nullable());
        let of_owner = Self::query().filter(customers::user_id.eq_any(owner));
        of_owner.for_no_key_update().first(conn).optional()
    }

    pub(super) fn set_email(&self, conn: &mut PgConnection, email: &Email, now: DateTime<Utc>) -> QueryResult<usize> {
        let version = customers::version.eq(customers::version + 1);
        diesel::update(customers::table.find(self.id))
            .set((customers::email.eq(email), version, customers::updated_at.eq(now)))
            .execute(conn)
    }

    /// Erases all values except the id, which the orders refer to.
    pub(super) fn anonymise(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
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

/// Customer of another system, which an import refers to by its id there.
#[derive(Debug, Clone, Copy)]
pub struct ExternalCustomer<'a> {
    pub external_id: &'a str,
    pub name: &'a str,
    pub country: Option<Country>,
}

#[derive(Insertable)]
#[diesel(table_name = customers)]
struct NewExternalCustomer<'a> {
    id: CustomerId,
    external_id: &'a str,
    name: &'a str,
    metadata: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Rows per insert. PostgreSQL accepts 65,535 values in one statement.
const INSERT_CHUNK: usize = 1000;

/// Inserts the customers that do not exist yet, and returns the ids of all by their external ids.
///
/// Existing customers stay unchanged, because the shop can have edited them since the first import.
pub fn upsert_external(
    conn: &mut PgConnection,
    wanted: &[ExternalCustomer<'_>],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<String, CustomerId>> {
    let mut known = find_external(conn, wanted)?;
    let mut missing: Vec<_> = wanted
        .iter()
        .filter(|customer| !known.contains_key(customer.external_id))
        .map(|customer| NewExternalCustomer {
            id: CustomerId::generate(),
            external_id: customer.external_id,
            name: customer.name,
            metadata: customer.country.map_or_else(|| json!({}), |code| json!({"country": code})),
            created_at: at,
            updated_at: at,
        })
        .collect();
    if missing.is_empty() {
        return Ok(known);
    }

    // In one fixed order, so that two imports wait for each other instead of deadlocking.
    missing.sort_unstable_by_key(|customer| customer.external_id);
    for chunk in missing.chunks(INSERT_CHUNK) {
        diesel::insert_into(customers::table)
            .values(chunk)
            .on_conflict(customers::external_id)
            .do_nothing()
            .execute(conn)?;
    }
    known.extend(find_external(conn, wanted)?);
    Ok(known)
}

fn find_external(conn: &mut PgConnection, wanted: &[ExternalCustomer<'_>]) -> QueryResult<HashMap<String, CustomerId>> {
    let external_ids: Vec<&str> = wanted.iter().map(|customer| customer.external_id).collect();
    let rows: Vec<(String, CustomerId)> = customers::table
        .filter(customers::external_id.eq_any(external_ids))
        .select((customers::external_id.assume_not_null(), customers::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
