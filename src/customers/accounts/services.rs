//! Making and changing accounts.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::AccountError;
use super::models::{Customer, CustomerChanges, NewAccount, User, UserChanges};
use crate::platform::audit::{self, Origin};
use crate::platform::types::{CustomerId, Email, UserId};

/// A person: the user and the customer they are.
#[derive(Debug, Clone)]
pub struct Profile {
    pub user: User,
    pub customer: Customer,
}

/// Makes a user with a customer profile.
pub fn create(conn: &mut PgConnection, account: &NewAccount, origin: &Origin) -> Result<Profile, AccountError> {
    let user = User::insert(conn, account, origin.at)?;
    let customer = Customer::insert(conn, &user, account.phone.as_ref(), origin.at)?;
    let rights = json!({"is_staff": user.is_staff, "is_superuser": user.is_superuser});
    audit::record(conn, origin, "user.created", ("user", user.id.to_string()), rights)?;
    Ok(Profile { user, customer })
}

/// Whether anybody has an account yet.
pub fn exist(conn: &mut PgConnection) -> QueryResult<bool> {
    User::exist(conn)
}

pub fn find_user(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<User>> {
    User::find(conn, id)
}

pub fn find_by_email(conn: &mut PgConnection, email: &Email) -> QueryResult<Option<User>> {
    User::find_by_email(conn, email)
}

pub fn find_customer(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Customer>> {
    Customer::find(conn, id)
}

pub fn note_login(conn: &mut PgConnection, user: UserId, origin: &Origin) -> QueryResult<()> {
    User::set_last_login(conn, user, origin.at)?;
    audit::record(conn, origin, "user.signed_in", ("user", user.to_string()), json!({}))
}

/// The person whose customer profile this is.
pub(super) fn profile(conn: &mut PgConnection, id: CustomerId) -> Result<Profile, AccountError> {
    let customer = Customer::find(conn, id)?.ok_or(AccountError::NotFound)?;
    let user = customer.user_id.map(|user| User::find(conn, user)).transpose()?.flatten();
    Ok(Profile { user: user.ok_or(AccountError::NotFound)?, customer })
}

pub(super) fn change_user(
    conn: &mut PgConnection,
    id: UserId,
    changes: &UserChanges,
    origin: &Origin,
) -> Result<User, AccountError> {
    let user = changes.apply(conn, id, origin.at)?.ok_or(AccountError::NotFound)?;
    let changed = json!({"first_name": changes.first_name, "last_name": changes.last_name});
    audit::record(conn, origin, "user.changed", ("user", id.to_string()), changed)?;
    Ok(user)
}

pub(super) fn change_customer(
    conn: &mut PgConnection,
    id: CustomerId,
    changes: &(UserChanges, CustomerChanges),
    origin: &Origin,
) -> Result<Profile, AccountError> {
    let (of_user, of_customer) = changes;
    let customer = of_customer.apply(conn, id, origin.at)?.ok_or(AccountError::NotFound)?;
    let user = customer.user_id.ok_or(AccountError::NotFound)?;
    let user = change_user(conn, user, of_user, origin)?;
    Ok(Profile { user, customer })
}
