//! Making and changing accounts.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::AccountError;
use super::hashes::PasswordHash;
use super::models::{Customer, CustomerChanges, NewAccount, User, UserChanges};
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
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
    audit::record(conn, origin, "user.created", ("user", user.id.to_string()), Changes::created(&facts_of(&user)))?;
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

/// The user, locked until the transaction ends.
pub fn lock_user(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<User>> {
    User::lock(conn, id)
}

/// Whether somebody may sign in. Whoever may not must be signed out, too: that is the caller's.
pub fn set_active(conn: &mut PgConnection, id: UserId, is_active: bool, origin: &Origin) -> QueryResult<()> {
    User::set_active(conn, id, is_active, origin.at)?;
    let action = if is_active { "user.activated" } else { "user.deactivated" };
    audit::record(
        conn,
        origin,
        action,
        ("user", id.to_string()),
        Changes::between(&json!({"is_active": !is_active}), &json!({"is_active": is_active})),
    )
}

/// Whether somebody works for the shop; who does not is no superuser either.
pub fn set_staff(conn: &mut PgConnection, id: UserId, is_staff: bool, origin: &Origin) -> QueryResult<()> {
    User::set_staff(conn, id, is_staff, origin.at)?;
    audit::record(
        conn,
        origin,
        "user.changed",
        ("user", id.to_string()),
        Changes::between(&json!({"is_staff": !is_staff}), &json!({"is_staff": is_staff})),
    )
}

/// The customer, whom nobody else changes until the transaction ends.
pub fn lock_customer(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Customer>> {
    Customer::lock(conn, id)
}

pub fn note_login(conn: &mut PgConnection, user: UserId, origin: &Origin) -> QueryResult<()> {
    User::set_last_login(conn, user, origin.at)?;
    audit::record(conn, origin, "user.signed_in", ("user", user.to_string()), Changes::none())
}

/// Keeps a password, which was right just now, in another form; nothing where it was changed meanwhile.
pub fn upgrade_password(
    conn: &mut PgConnection,
    user: UserId,
    hashes: (&PasswordHash, &PasswordHash),
    origin: &Origin,
) -> QueryResult<()> {
    if User::upgrade_password(conn, user, hashes)? {
        audit::record(conn, origin, "user.password_rehashed", ("user", user.to_string()), Changes::none())?;
    }
    Ok(())
}

/// The e-mail address was shown to be theirs.
pub fn note_verified_email(conn: &mut PgConnection, user: UserId, origin: &Origin) -> QueryResult<()> {
    User::set_email_verified(conn, user, origin.at)?;
    audit::record(conn, origin, "user.email_verified", ("user", user.to_string()), Changes::none())
}

/// The person whose customer profile this is.
pub(super) fn profile(conn: &mut PgConnection, id: CustomerId) -> Result<Profile, AccountError> {
    let customer = Customer::find(conn, id)?.ok_or(AccountError::NotFound)?;
    let user = customer.user_id.map(|user| User::find(conn, user)).transpose()?.flatten();
    Ok(Profile { user: user.ok_or(AccountError::NotFound)?, customer })
}

/// Changes somebody's names.
pub fn change_user(
    conn: &mut PgConnection,
    id: UserId,
    changes: &UserChanges,
    request: &WriteRequest,
) -> Result<User, AccountError> {
    let user = User::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    request.expected.ensure(user.version)?;
    apply(conn, &user, changes, &request.origin)
}

/// The version of a profile is that of its user and that of its customer together: either change makes it grow.
pub(super) fn change_customer(
    conn: &mut PgConnection,
    id: CustomerId,
    changes: &(UserChanges, CustomerChanges),
    request: &WriteRequest,
) -> Result<Profile, AccountError> {
    let (of_user, of_customer) = changes;
    let customer = Customer::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    let user = customer.user_id.map(|user| User::lock(conn, user)).transpose()?.flatten();
    let user = user.ok_or(AccountError::NotFound)?;
    request.expected.ensure(customer.version + user.version)?;
    let changed = of_customer.apply(conn, id, request.origin.at)?.ok_or(AccountError::NotFound)?;
    let facts = |customer: &Customer| json!({"phone": customer.phone, "language": customer.language});
    let told = Changes::between(&facts(&customer), &facts(&changed));
    if !told.is_empty() {
        audit::record(conn, &request.origin, "customer.changed", ("customer", id.to_string()), told)?;
    }
    let user = apply(conn, &user, of_user, &request.origin)?;
    Ok(Profile { user, customer: changed })
}

fn apply(conn: &mut PgConnection, user: &User, changes: &UserChanges, origin: &Origin) -> Result<User, AccountError> {
    let changed = changes.apply(conn, user.id, origin.at)?.ok_or(AccountError::NotFound)?;
    let told = Changes::between(&facts_of(user), &facts_of(&changed));
    audit::record(conn, origin, "user.changed", ("user", user.id.to_string()), told)?;
    Ok(changed)
}

/// What the audit log tells of a user.
fn facts_of(user: &User) -> Value {
    let User { email, first_name, last_name, is_active, is_staff, is_superuser, .. } = user;
    json!({
        "email": email, "first_name": first_name, "last_name": last_name,
        "is_active": is_active, "is_staff": is_staff, "is_superuser": is_superuser,
    })
}
