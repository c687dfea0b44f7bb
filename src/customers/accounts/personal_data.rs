//! What accounts know of a person.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::ending::addresses_of;
use super::models::{Customer, User};
use crate::platform::audit::Origin;
use crate::platform::notify::forget_messages;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// The account and the customer's profile.
#[derive(Debug, Clone, Copy)]
pub struct AccountData;

impl PersonalData for AccountData {
    fn section(&self) -> &'static str {
        "account"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let Some(customer) = Customer::find(conn, customer)? else { return Ok(Value::Null) };
        let user = customer.user_id.map(|user| User::find(conn, user)).transpose()?.flatten();
        let of_user = user.as_ref().map(|user| {
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
            "user": of_user,
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

    /// Forgets what was written to them. The rest of the account goes last, with [`strip`](super::strip).
    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &Origin) -> QueryResult<()> {
        let Some(customer) = Customer::find(conn, customer)? else { return Ok(()) };
        let user = customer.user_id.map(|user| User::find(conn, user)).transpose()?.flatten();
        let mut recipients = addresses_of(conn, &customer, user.as_ref())?;
        recipients.extend(customer.phone.map(|phone| phone.to_string()));
        forget_messages(conn, &recipients, &[]).map(|_| ())
    }
}
