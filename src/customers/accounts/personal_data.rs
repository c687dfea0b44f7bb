//! Personal data in accounts: export and erasure.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};
use uuid::Uuid;

use super::events::{CustomerTopic, publish};
use super::models::{Customer, User};
use super::services::CustomerWithUser;
use crate::platform::audit::{self, AuditObject};
use crate::platform::notify::delete_messages;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Personal data of the user and the customer profile.
#[derive(Debug, Clone, Copy)]
pub struct AccountData;

impl PersonalData for AccountData {
    fn section(&self) -> &'static str {
        "account"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let Some(CustomerWithUser { customer, user }) = CustomerWithUser::find(conn, customer)? else {
            return Ok(Value::Null);
        };
        let user = user.as_ref().map(|user| {
            json!({
                "id": user.id,
                "email": user.email,
                "email_verified_at": user.email_verified_at,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "is_active": user.is_active,
            })
        });
        Ok(json!({
            "id": customer.id,
            "user": user,
            "name": customer.name,
            "email": customer.email,
            "phone": customer.phone,
            "language": customer.language,
            "notes": Customer::notes(conn, customer.id)?,
            "metadata": customer.metadata,
            "created_at": customer.created_at,
            "updated_at": customer.updated_at,
        }))
    }

    /// Deletes the messages to the customer. [`anonymise`] removes the account itself, after all other rooms.
    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &WriteContext) -> QueryResult<()> {
        let Some(person) = CustomerWithUser::find(conn, customer)? else { return Ok(()) };
        let mut recipients = all_emails(conn, &person)?;
        recipients.extend(person.customer.phone.map(|phone| phone.to_string()));
        delete_messages(conn, &recipients, &[]).map(|_| ())
    }
}

/// Returns all current and former e-mail addresses of a person.
fn all_emails(conn: &mut PgConnection, person: &CustomerWithUser) -> QueryResult<Vec<String>> {
    let CustomerWithUser { customer, user } = person;
    let user = user.as_ref();
    let current = customer.email.iter().chain(user.map(|user| &user.email)).map(|email| email.as_str().to_owned());
    let recorded = user.map(|user| audit::recorded_emails(conn, user.id.into())).transpose()?.unwrap_or_default();
    Ok(current.chain(recorded).collect())
}

/// Deletes the user and all personal data of a customer whom the caller has locked. Only the id remains, for the
/// orders.
///
/// The audit log erases the values of all ids under which it recorded the person.
pub fn anonymise(conn: &mut PgConnection, person: &CustomerWithUser, context: &WriteContext) -> QueryResult<()> {
    let CustomerWithUser { customer, user } = person;
    let emails = all_emails(conn, person)?;
    let mut person_ids: Vec<Uuid> =
        emails.iter().map(|email| audit::person_id_for_email(&context.key, email)).collect();
    person_ids.push(customer.id.into());
    if let Some(user) = user {
        person_ids.push(user.id.into());
        User::delete(conn, user.id)?;
    }
    person_ids.sort_unstable();
    person_ids.dedup();
    customer.anonymise(conn, context.at)?;
    publish(conn, CustomerTopic::Erased, customer, context)?;
    let changes = audit::erase_personal_values(conn, &person_ids)?;
    audit::record(conn, context, "customer.erased", AuditObject::new("customer", customer.id), changes)
}
