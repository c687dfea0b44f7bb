//! What staff change of a customer.

use diesel::pg::PgConnection;
use serde_json::{Value, json};

use super::errors::AccountError;
use super::models::{Customer, CustomerChanges, User, UserChanges};
use super::services::version_of;
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes};
use crate::platform::types::{CustomerId, Phone};

/// Changes of a customer, with or without an account; what is None stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RecordChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<Option<Phone>>,
    pub language: Option<String>,
    pub metadata: Option<Value>,
    pub private_metadata: Option<Value>,
}

/// The names of somebody with an account are the account's; anybody else has one name, which the first name writes.
pub fn change_record(
    conn: &mut PgConnection,
    id: CustomerId,
    changes: &RecordChanges,
    request: &WriteRequest,
) -> Result<(), AccountError> {
    let customer = Customer::lock(conn, id)?.ok_or(AccountError::NotFound)?;
    if !customer.is_known() {
        return Err(AccountError::Erased);
    }
    let user = customer.user_id.map(|user| User::lock(conn, user)).transpose()?.flatten();
    if user.as_ref().is_some_and(|user| user.is_staff) {
        return Err(AccountError::StaffAccount);
    }
    request.expected.ensure(version_of(&customer, user.as_ref()))?;
    if user.is_none() && changes.last_name.as_ref().is_some_and(|name| !name.is_empty()) {
        return Err(AccountError::OneName);
    }
    let of_customer = CustomerChanges {
        name: changes.first_name.clone().filter(|_| user.is_none()),
        phone: changes.phone.clone(),
        language: changes.language.clone(),
        metadata: changes.metadata.clone(),
        private_metadata: changes.private_metadata.clone(),
    };
    let before = facts_of(&customer, user.as_ref());
    let customer = of_customer.apply(conn, id, request.origin.at)?.ok_or(AccountError::NotFound)?;
    let of_user = UserChanges { first_name: changes.first_name.clone(), last_name: changes.last_name.clone() };
    let user = user.map(|user| of_user.apply(conn, user.id, request.origin.at)).transpose()?.flatten();
    let told = Changes::between(&before, &facts_of(&customer, user.as_ref())).about(id, &PERSONAL);
    // Whoever reads the log need not be among those who may read what is private.
    let told = match changes.private_metadata {
        Some(_) => told.join(Changes::created(&json!({"private_metadata": "changed"}))),
        None => told,
    };
    audit::record(conn, &request.origin, "customer.changed", ("customer", id.to_string()), told)?;
    Ok(())
}

/// What goes with the person.
const PERSONAL: [&str; 5] = ["name", "first_name", "last_name", "phone", "metadata"];

fn facts_of(customer: &Customer, user: Option<&User>) -> Value {
    json!({
        "name": customer.name, "phone": customer.phone, "language": customer.language, "metadata": customer.metadata,
        "first_name": user.map(|user| &user.first_name), "last_name": user.map(|user| &user.last_name),
    })
}
