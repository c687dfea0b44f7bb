//! Creating, finding and locking accounts, and changing their credentials.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::AccountError;
use super::events::{CustomerTopic, publish};
use super::models::{Customer, NewAccount, User};
use crate::customers::passwords::PasswordHash;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::types::{CustomerId, Email, Language, UserId};
use crate::platform::write_context::WriteContext;

/// User with their customer profile.
#[derive(Debug, Clone)]
pub struct Profile {
    pub user: User,
    pub customer: Customer,
}

impl Profile {
    /// Locks a user and their customer profile until the transaction ends.
    pub fn lock(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        let Some(customer) = Customer::lock_by_user(conn, user)? else { return Ok(None) };
        Ok(User::lock(conn, user)?.map(|user| Self { user, customer }))
    }

    /// Finds a customer with an account.
    pub(super) fn find(conn: &mut PgConnection, id: CustomerId) -> Result<Self, AccountError> {
        let CustomerWithUser { customer, user } = CustomerWithUser::find(conn, id)?.ok_or(AccountError::NotFound)?;
        Ok(Self { user: user.ok_or(AccountError::NotFound)?, customer })
    }
}

/// Customer, and the user if the customer has an account.
#[derive(Debug, Clone)]
pub struct CustomerWithUser {
    pub customer: Customer,
    pub user: Option<User>,
}

impl CustomerWithUser {
    pub(super) fn find(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        let Some(customer) = Customer::find(conn, id)? else { return Ok(None) };
        let user = customer.user_id.map(|user| User::find(conn, user)).transpose()?.flatten();
        Ok(Some(Self { customer, user }))
    }

    /// Locks both rows until the transaction ends.
    pub fn lock(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        let Some(customer) = Customer::lock(conn, id)? else { return Ok(None) };
        let user = customer.user_id.map(|user| User::lock(conn, user)).transpose()?.flatten();
        Ok(Some(Self { customer, user }))
    }

    /// Version of the API resource: the sum of both rows' versions, which grows with a change of either row.
    pub fn version(&self) -> i32 {
        self.customer.version + self.user.as_ref().map_or(0, |user| user.version)
    }
}

/// Creates a user with a customer profile.
pub fn create(conn: &mut PgConnection, account: &NewAccount, context: &WriteContext) -> Result<Profile, AccountError> {
    let user = User::insert(conn, account, context.at)?;
    create_profile(conn, user, account, context).map_err(Into::into)
}

fn create_profile(
    conn: &mut PgConnection,
    user: User,
    account: &NewAccount,
    context: &WriteContext,
) -> QueryResult<Profile> {
    let customer = Customer::insert(conn, &user, account, context.at)?;
    let changes = Changes::created(&user_audit_fields(&user)).mark_personal(user.id, &PERSONAL_USER_FIELDS);
    audit::record(conn, context, "user.created", AuditObject::new("user", user.id), changes)?;
    Ok(Profile { user, customer })
}

/// Registers a customer who has to verify the e-mail address before the first sign-in. If the address already has an
/// account, the owner of the address is notified instead.
///
/// Both cases take four statements and write one audit entry and one event, so that the work does not reveal which
/// addresses have an account.
pub fn register_unverified(conn: &mut PgConnection, account: &NewAccount, context: &WriteContext) -> QueryResult<()> {
    if let Some(user) = User::insert_unless_email_taken(conn, account, context.at)? {
        let profile = create_profile(conn, user, account, context)?;
        return publish(conn, CustomerTopic::Registered, &profile.customer, context);
    }
    let Some(customer) = Customer::lock_by_account_email(conn, &account.email)? else { return Ok(()) };
    let user = customer.user_id.map(|user| user.to_string()).unwrap_or_default();
    audit::record(conn, context, "user.registration_repeated", AuditObject::new("user", user), Changes::none())?;
    publish(conn, CustomerTopic::RegistrationRepeated, &customer, context)
}

/// Returns the language of a user, or the default language if the user has no profile.
pub fn user_language(conn: &mut PgConnection, user: UserId) -> QueryResult<String> {
    let customer = Customer::find_by_user(conn, user)?;
    Ok(customer.map_or_else(|| Language::default().as_str().to_owned(), |customer| customer.language))
}

/// Returns true if at least one account exists.
pub fn any_user_exists(conn: &mut PgConnection) -> QueryResult<bool> {
    User::any_exists(conn)
}

pub fn find_user(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<User>> {
    User::find(conn, id)
}

pub fn find_by_email(conn: &mut PgConnection, email: &Email) -> QueryResult<Option<User>> {
    User::find_by_email(conn, email)
}

/// Finds a customer who has not been erased.
pub fn find_customer(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Customer>> {
    Ok(Customer::find(conn, id)?.filter(|customer| !customer.is_erased()))
}

/// Finds the user of a customer.
pub fn find_user_id(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<UserId>> {
    Ok(find_customer(conn, id)?.and_then(|customer| customer.user_id))
}

/// Locks a user until the transaction ends.
pub fn lock_user(conn: &mut PgConnection, id: UserId) -> QueryResult<Option<User>> {
    User::lock(conn, id)
}

/// Locks a customer who has not been erased until the transaction ends.
pub fn lock_customer(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Customer>> {
    Ok(Customer::lock(conn, id)?.filter(|customer| !customer.is_erased()))
}

/// Activates or deactivates an account that the caller has locked. Does nothing if the state is the same.
///
/// The caller also ends the sessions of a deactivated account.
pub fn set_active(
    conn: &mut PgConnection,
    profile: &Profile,
    is_active: bool,
    context: &WriteContext,
) -> QueryResult<()> {
    let user = &profile.user;
    if user.is_active == is_active {
        return Ok(());
    }
    User::set_active(conn, user.id, is_active, context.at)?;
    let (action, topic) = match is_active {
        true => ("user.activated", CustomerTopic::Activated),
        false => ("user.deactivated", CustomerTopic::Deactivated),
    };
    let changes = Changes::between(&json!({"is_active": !is_active}), &json!({"is_active": is_active}));
    audit::record(conn, context, action, AuditObject::new("user", user.id), changes)?;
    publish(conn, topic, &profile.customer, context)
}

/// Makes a user a staff member, or a customer again. A user who is no longer a staff member is no superuser either.
pub fn set_staff(conn: &mut PgConnection, id: UserId, is_staff: bool, context: &WriteContext) -> QueryResult<()> {
    User::set_staff(conn, id, is_staff, context.at)?;
    let changes = Changes::between(&json!({"is_staff": !is_staff}), &json!({"is_staff": is_staff}));
    audit::record(conn, context, "user.changed", AuditObject::new("user", id), changes)
}

/// Records a sign-in. Returns false if the password has changed since it was checked, or if the account is inactive.
pub fn record_login(conn: &mut PgConnection, user: &User, context: &WriteContext) -> QueryResult<bool> {
    let is_recorded = user.set_last_login(conn, context.at)?;
    if is_recorded {
        audit::record(conn, context, "user.signed_in", AuditObject::new("user", user.id), Changes::none())?;
    }
    Ok(is_recorded)
}

/// Replaces the hash of an unchanged password. Does nothing if the password has changed in the meantime.
pub fn upgrade_password(
    conn: &mut PgConnection,
    user: UserId,
    old: &PasswordHash,
    new: &PasswordHash,
    context: &WriteContext,
) -> QueryResult<()> {
    if User::upgrade_password(conn, user, old, new)? {
        audit::record(conn, context, "user.password_rehashed", AuditObject::new("user", user), Changes::none())?;
    }
    Ok(())
}

/// Sets the password of a user whom the caller has locked.
pub fn set_password(
    conn: &mut PgConnection,
    profile: &Profile,
    hash: &PasswordHash,
    context: &WriteContext,
) -> QueryResult<()> {
    profile.user.set_password(conn, Some(hash), context.at)?;
    audit::record(conn, context, "user.password_changed", AuditObject::new("user", profile.user.id), Changes::none())
}

/// Removes the password of a user whom the caller has locked.
pub fn remove_password(conn: &mut PgConnection, profile: &Profile, context: &WriteContext) -> QueryResult<()> {
    profile.user.set_password(conn, None, context.at)?;
    audit::record(conn, context, "user.password_removed", AuditObject::new("user", profile.user.id), Changes::none())
}

/// Records that a user whom the caller has locked owns the e-mail address. Does nothing if it is verified already.
pub fn verify_email(conn: &mut PgConnection, profile: &Profile, context: &WriteContext) -> QueryResult<()> {
    if profile.user.is_verified() {
        return Ok(());
    }
    profile.user.set_verified(conn, context.at)?;
    publish(conn, CustomerTopic::Verified, &profile.customer, context)?;
    audit::record(conn, context, "user.email_verified", AuditObject::new("user", profile.user.id), Changes::none())
}

/// Sets a new, verified e-mail address for a user whom the caller has locked.
pub fn change_email(
    conn: &mut PgConnection,
    profile: &Profile,
    email: &Email,
    context: &WriteContext,
) -> Result<(), AccountError> {
    let Profile { user, customer } = profile;
    user.set_email(conn, email, context.at)?;
    customer.set_email(conn, email, context.at)?;
    publish(conn, CustomerTopic::EmailChanged, customer, context)?;
    let changes = Changes::between(&json!({"email": user.email}), &json!({"email": email}));
    let changes = changes.mark_personal(user.id, &["email"]);
    audit::record(conn, context, "user.email_changed", AuditObject::new("user", user.id), changes)?;
    Ok(())
}

/// Audited fields of a user that are personal data.
pub(super) const PERSONAL_USER_FIELDS: [&str; 3] = ["email", "first_name", "last_name"];

/// Returns the audited fields of a user.
pub(super) fn user_audit_fields(user: &User) -> Value {
    let User { email, first_name, last_name, is_active, is_staff, is_superuser, .. } = user;
    json!({
        "email": email, "first_name": first_name, "last_name": last_name,
        "is_active": is_active, "is_staff": is_staff, "is_superuser": is_superuser,
    })
}
