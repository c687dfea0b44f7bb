//! Changing names, contact data and metadata of users and customers.

use diesel::pg::PgConnection;
use serde_json::{Value, json};

use super::errors::AccountError;
use super::models::{Customer, CustomerChanges, User, UserChanges};
use super::services::{CustomerWithUser, PERSONAL_USER_FIELDS, Profile, user_audit_fields};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::ReauthenticationRequired;
use crate::platform::notify::{Medium, NewMessage, queue_message};
use crate::platform::types::{CustomerId, EventId, Phone, UserId};
use crate::platform::write_context::WriteContext;

/// Changes the names of a user.
pub fn change_user(
    conn: &mut PgConnection,
    id: UserId,
    changes: &UserChanges,
    context: &WriteContext,
) -> Result<User, AccountError> {
    let user = User::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    context.expected.ensure(user.version)?;
    update_user(conn, &user, changes, context)
}

fn update_user(
    conn: &mut PgConnection,
    user: &User,
    changes: &UserChanges,
    context: &WriteContext,
) -> Result<User, AccountError> {
    let changed = changes.apply(conn, user.id, context.at)?.ok_or(AccountError::NotFound)?;
    let changes = Changes::between(&user_audit_fields(user), &user_audit_fields(&changed));
    let changes = changes.mark_personal(user.id, &PERSONAL_USER_FIELDS);
    audit::record(conn, context, "user.changed", AuditObject::new("user", user.id), changes)?;
    Ok(changed)
}

/// Changes that customers make to their own profile.
#[derive(Debug)]
pub(super) struct ProfileChanges {
    pub user: UserChanges,
    pub customer: CustomerChanges,
    /// An error if the customer did not sign in recently.
    pub recent_sign_in: Result<(), ReauthenticationRequired>,
    pub shop_name: String,
}

/// Changes the profile of a customer with an account.
pub(super) fn change_profile(
    conn: &mut PgConnection,
    id: CustomerId,
    changes: &ProfileChanges,
    context: &WriteContext,
) -> Result<Profile, AccountError> {
    let person = CustomerWithUser::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    let version = person.version();
    let CustomerWithUser { customer, user } = person;
    let user = user.ok_or(AccountError::NotFound)?;
    context.expected.ensure(version)?;
    changes.check_phone_change(conn, &customer, context)?;

    let changed = changes.customer.apply(conn, id, context.at)?.ok_or(AccountError::NotFound)?;
    let audit_fields = |customer: &Customer| json!({"phone": customer.phone, "language": customer.language});
    let audit_changes = Changes::between(&audit_fields(&customer), &audit_fields(&changed));
    let audit_changes = audit_changes.mark_personal(id, &["phone"]);
    if !audit_changes.is_empty() {
        audit::record(conn, context, "customer.changed", AuditObject::new("customer", id), audit_changes)?;
    }
    let user = update_user(conn, &user, &changes.user, context)?;
    Ok(Profile { user, customer: changed })
}

impl ProfileChanges {
    /// Replacing or removing a phone number requires a recent sign-in. The old number is notified.
    fn check_phone_change(
        &self,
        conn: &mut PgConnection,
        customer: &Customer,
        context: &WriteContext,
    ) -> Result<(), AccountError> {
        let Some(old) = &customer.phone else { return Ok(()) };
        if !self.customer.phone.as_ref().is_some_and(|new| new.as_ref() != Some(old)) {
            return Ok(());
        }
        self.recent_sign_in?;
        let message = NewMessage {
            event: EventId::generate(),
            medium: Medium::Sms,
            recipient: old.to_string(),
            template: "phone_changed",
            language: customer.language.clone(),
            context: json!({"shop_name": self.shop_name}),
            encrypted_context: None,
        };
        queue_message(conn, &message, context.at).map_err(AccountError::MessageNotQueued)
    }
}

/// Changes that staff members make to a customer, with or without an account. None leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct CustomerRecordChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<Option<Phone>>,
    pub language: Option<String>,
    pub metadata: Option<Value>,
    pub private_metadata: Option<Value>,
}

/// Changes a customer on behalf of a staff member.
///
/// The user of a customer with an account has a first and a last name. A customer without an account has one name,
/// which `first_name` sets.
pub fn change_record(
    conn: &mut PgConnection,
    id: CustomerId,
    changes: &CustomerRecordChanges,
    context: &WriteContext,
) -> Result<(), AccountError> {
    let before = CustomerWithUser::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    if before.customer.is_erased() {
        return Err(AccountError::Erased);
    }
    if before.user.as_ref().is_some_and(|user| user.is_staff) {
        return Err(AccountError::StaffAccount);
    }
    context.expected.ensure(before.version())?;
    let sets_last_name = changes.last_name.as_ref().is_some_and(|name| !name.is_empty());
    if before.user.is_none() && sets_last_name {
        return Err(AccountError::LastNameWithoutAccount);
    }

    let customer_changes = CustomerChanges {
        name: changes.first_name.clone().filter(|_| before.user.is_none()),
        phone: changes.phone.clone(),
        language: changes.language.clone(),
        metadata: changes.metadata.clone(),
        private_metadata: changes.private_metadata.clone(),
    };
    let customer = customer_changes.apply(conn, id, context.at)?.ok_or(AccountError::NotFound)?;
    let user_changes = UserChanges { first_name: changes.first_name.clone(), last_name: changes.last_name.clone() };
    let user = before.user.as_ref().map(|user| user_changes.apply(conn, user.id, context.at)).transpose()?.flatten();

    let after = CustomerWithUser { customer, user };
    let audit_changes = Changes::between(&record_audit_fields(&before), &record_audit_fields(&after));
    let audit_changes = audit_changes.mark_personal(id, &PERSONAL_RECORD_FIELDS);
    // Readers of the audit log are not necessarily allowed to read the private metadata.
    let audit_changes = match changes.private_metadata {
        Some(_) => audit_changes.join(Changes::created(&json!({"private_metadata": "changed"}))),
        None => audit_changes,
    };
    audit::record(conn, context, "customer.changed", AuditObject::new("customer", id), audit_changes)?;
    Ok(())
}

/// Audited fields of a customer that are personal data.
const PERSONAL_RECORD_FIELDS: [&str; 5] = ["name", "first_name", "last_name", "phone", "metadata"];

fn record_audit_fields(CustomerWithUser { customer, user }: &CustomerWithUser) -> Value {
    let user = user.as_ref();
    json!({
        "name": customer.name, "phone": customer.phone, "language": customer.language, "metadata": customer.metadata,
        "first_name": user.map(|user| &user.first_name), "last_name": user.map(|user| &user.last_name),
    })
}
