//! Making and changing accounts.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::AccountError;
use super::events::{CustomerTopic, tell};
use super::hashes::PasswordHash;
use super::models::{Customer, CustomerChanges, NewAccount, User, UserChanges};
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::SignInAgain;
use crate::platform::notify::{Medium, NewMessage, queue_message};
use crate::platform::types::{CustomerId, Email, EventId, Language, UserId};

/// A person: the user and the customer they are.
#[derive(Debug, Clone)]
pub struct Profile {
    pub user: User,
    pub customer: Customer,
}

/// Makes a user with a customer profile.
pub fn create(conn: &mut PgConnection, account: &NewAccount, origin: &Origin) -> Result<Profile, AccountError> {
    let user = User::insert(conn, account, origin.at)?;
    complete(conn, user, account, origin).map_err(Into::into)
}

fn complete(conn: &mut PgConnection, user: User, account: &NewAccount, origin: &Origin) -> QueryResult<Profile> {
    let customer = Customer::insert(conn, &user, account, origin.at)?;
    let told = Changes::created(&facts_of(&user)).about(user.id, &PERSONAL);
    audit::record(conn, origin, "user.created", ("user", user.id.to_string()), told)?;
    Ok(Profile { user, customer })
}

/// Makes a user with a customer profile, or lets whoever has the address know that somebody tried.
///
/// Either way it takes four statements and leaves a line in the audit log and an event, so that nobody learns from the
/// work which addresses are known.
pub fn register_unseen(conn: &mut PgConnection, account: &NewAccount, origin: &Origin) -> QueryResult<()> {
    if let Some(user) = User::insert_unless_known(conn, account, origin.at)? {
        let profile = complete(conn, user, account, origin)?;
        return tell(conn, CustomerTopic::Registered, &profile.customer, origin);
    }
    let Some(customer) = Customer::lock_by_account_email(conn, &account.email)? else { return Ok(()) };
    let user = customer.user_id.map(|user| user.to_string()).unwrap_or_default();
    audit::record(conn, origin, "user.registration_repeated", ("user", user), Changes::none())?;
    tell(conn, CustomerTopic::RegistrationRepeated, &customer, origin)
}

impl Profile {
    /// The person behind a user, locked until the transaction ends: the customer first, as everywhere.
    pub fn lock(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Self>> {
        let Some(customer) = Customer::lock_of_user(conn, user)? else { return Ok(None) };
        Ok(User::lock(conn, user)?.map(|user| Self { user, customer }))
    }
}

/// A customer, locked until the transaction ends, with their user if they have one.
pub fn lock_person(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<(Customer, Option<User>)>> {
    let Some(customer) = Customer::lock(conn, id)? else { return Ok(None) };
    let user = customer.user_id.map(|user| User::lock(conn, user)).transpose()?.flatten();
    Ok(Some((customer, user)))
}

/// The version of a person is that of their user and that of their customer together: either change makes it grow.
pub fn version_of(customer: &Customer, user: Option<&User>) -> i32 {
    customer.version + user.map_or(0, |user| user.version)
}

/// The language that a user reads; the fallback's where they have no profile.
pub fn language_of(conn: &mut PgConnection, user: UserId) -> QueryResult<String> {
    let customer = Customer::find_by_user(conn, user)?;
    Ok(customer.map_or_else(|| Language::default().as_str().to_owned(), |customer| customer.language))
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

/// A customer of whom more is known than the books need.
pub fn find_customer(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Customer>> {
    Ok(Customer::find(conn, id)?.filter(Customer::is_known))
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

/// The user that a customer signs in as; none where they have no account.
pub fn user_of(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<UserId>> {
    Ok(find_customer(conn, id)?.and_then(|customer| customer.user_id))
}

/// The customer, whom nobody else changes until the transaction ends; none where they were erased.
pub fn lock_customer(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Customer>> {
    Ok(Customer::lock(conn, id)?.filter(Customer::is_known))
}

/// Notes that somebody signed in; false where their password has changed since it was compared, or the account is off.
pub fn note_login(conn: &mut PgConnection, user: &User, origin: &Origin) -> QueryResult<bool> {
    let is_noted = user.set_last_login(conn, origin.at)?;
    if is_noted {
        audit::record(conn, origin, "user.signed_in", ("user", user.id.to_string()), Changes::none())?;
    }
    Ok(is_noted)
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

pub(super) fn change_customer(
    conn: &mut PgConnection,
    id: CustomerId,
    changes: &ProfileChanges,
    request: &WriteRequest,
) -> Result<Profile, AccountError> {
    let ProfileChanges { of_user, of_customer, .. } = changes;
    let customer = Customer::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    let user = customer.user_id.map(|user| User::lock(conn, user)).transpose()?.flatten();
    let user = user.ok_or(AccountError::NotFound)?;
    request.expected.ensure(version_of(&customer, Some(&user)))?;
    changes.guard_phone(conn, &customer, request.origin.at)?;
    let changed = of_customer.apply(conn, id, request.origin.at)?.ok_or(AccountError::NotFound)?;
    let facts = |customer: &Customer| json!({"phone": customer.phone, "language": customer.language});
    let told = Changes::between(&facts(&customer), &facts(&changed)).about(id, &["phone"]);
    if !told.is_empty() {
        audit::record(conn, &request.origin, "customer.changed", ("customer", id.to_string()), told)?;
    }
    let user = apply(conn, &user, of_user, &request.origin)?;
    Ok(Profile { user, customer: changed })
}

/// What somebody changes of themselves.
#[derive(Debug)]
pub(super) struct ProfileChanges {
    pub of_user: UserChanges,
    pub of_customer: CustomerChanges,
    /// Refuses where they have not proved a moment ago who they are.
    pub recent_sign_in: Result<(), SignInAgain>,
    pub shop_name: String,
}

impl ProfileChanges {
    /// A number that is known gives way only to somebody who signed in lately, and is told that it does.
    fn guard_phone(
        &self,
        conn: &mut PgConnection,
        customer: &Customer,
        now: DateTime<Utc>,
    ) -> Result<(), AccountError> {
        let Some(old) = &customer.phone else { return Ok(()) };
        if !self.of_customer.phone.as_ref().is_some_and(|new| new.as_ref() != Some(old)) {
            return Ok(());
        }
        self.recent_sign_in?;
        let told = NewMessage {
            event: EventId::generate(),
            medium: Medium::Sms,
            recipient: old.to_string(),
            template: "phone_changed",
            language: customer.language.clone(),
            context: json!({"shop_name": self.shop_name}),
            sealed: None,
        };
        queue_message(conn, &told, now).map_err(AccountError::Untold)
    }
}

fn apply(conn: &mut PgConnection, user: &User, changes: &UserChanges, origin: &Origin) -> Result<User, AccountError> {
    let changed = changes.apply(conn, user.id, origin.at)?.ok_or(AccountError::NotFound)?;
    let told = Changes::between(&facts_of(user), &facts_of(&changed)).about(user.id, &PERSONAL);
    audit::record(conn, origin, "user.changed", ("user", user.id.to_string()), told)?;
    Ok(changed)
}

/// What goes with the person.
const PERSONAL: [&str; 3] = ["email", "first_name", "last_name"];

/// What the audit log tells of a user.
fn facts_of(user: &User) -> Value {
    let User { email, first_name, last_name, is_active, is_staff, is_superuser, .. } = user;
    json!({
        "email": email, "first_name": first_name, "last_name": last_name,
        "is_active": is_active, "is_staff": is_staff, "is_superuser": is_superuser,
    })
}
