//! Creating, changing and deleting a customer's addresses.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::AddressError;
use super::models::{Address, AddressKey, DefaultFlags};
use crate::customers::accounts;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::error::ErrorTree;
use crate::platform::types::{CustomerId, PostalAddress};
use crate::platform::write_context::WriteContext;

/// Maximum number of addresses of a customer.
const MAX_ADDRESSES: i64 = 100;

/// Complete address to write. A default flag of `None` keeps the present value.
#[derive(Debug, Clone)]
pub(super) struct NewAddress {
    pub address: PostalAddress,
    pub is_default_billing: Option<bool>,
    pub is_default_shipping: Option<bool>,
}

/// Function that returns the new address for the present one: a replacement, or the present address with changes.
pub(super) type AddressUpdate<'a> = &'a dyn Fn(&Address) -> Result<NewAddress, ErrorTree>;

pub(super) fn find(conn: &mut PgConnection, key: AddressKey) -> Result<Address, AddressError> {
    Address::find(conn, key)?.ok_or(AddressError::NotFound)
}

pub(super) fn ensure_customer(conn: &mut PgConnection, id: CustomerId) -> Result<(), AddressError> {
    accounts::find_customer(conn, id)?.map(|_| ()).ok_or(AddressError::NotFound)
}

/// Locks the customer, so that concurrent requests cannot exceed the limit or set two defaults.
fn lock_customer(conn: &mut PgConnection, customer: CustomerId) -> Result<(), AddressError> {
    accounts::lock_customer(conn, customer)?.map(|_| ()).ok_or(AddressError::NotFound)
}

/// Creates an address. The first one becomes the default billing and shipping address.
pub(super) fn create(
    conn: &mut PgConnection,
    customer: CustomerId,
    new: &NewAddress,
    context: &WriteContext,
) -> Result<Address, AddressError> {
    lock_customer(conn, customer)?;
    let count = Address::count(conn, customer)?;
    if count >= MAX_ADDRESSES {
        return Err(AddressError::TooMany);
    }
    let defaults = DefaultFlags {
        billing: new.is_default_billing.unwrap_or(count == 0),
        shipping: new.is_default_shipping.unwrap_or(count == 0),
    };
    Address::unset_defaults(conn, customer, defaults)?;
    let address = Address::insert(conn, customer, &new.address, defaults, context.at)?;
    record_audit(conn, context, "customer_address.created", &address, Changes::created(&audit_fields(&address)))?;
    Ok(address)
}

pub(super) fn update(
    conn: &mut PgConnection,
    key: AddressKey,
    update: AddressUpdate<'_>,
    context: &WriteContext,
) -> Result<Address, AddressError> {
    lock_customer(conn, key.customer)?;
    let address = find(conn, key)?;
    context.expected.ensure(address.version)?;
    let new = update(&address).map_err(AddressError::Invalid)?;
    let defaults = DefaultFlags {
        billing: new.is_default_billing.unwrap_or(address.is_default_billing),
        shipping: new.is_default_shipping.unwrap_or(address.is_default_shipping),
    };
    let newly_set = DefaultFlags {
        billing: defaults.billing && !address.is_default_billing,
        shipping: defaults.shipping && !address.is_default_shipping,
    };
    Address::unset_defaults(conn, key.customer, newly_set)?;
    let changed = address.update(conn, &new.address, defaults, context.at)?;
    let changes = Changes::between(&audit_fields(&address), &audit_fields(&changed));
    record_audit(conn, context, "customer_address.changed", &changed, changes)?;
    Ok(changed)
}

/// Deletes an address. If it was a default, no other address becomes the default: only the customer can choose it.
pub(super) fn delete(conn: &mut PgConnection, key: AddressKey, context: &WriteContext) -> Result<(), AddressError> {
    lock_customer(conn, key.customer)?;
    let address = find(conn, key)?;
    context.expected.ensure(address.version)?;
    address.delete(conn)?;
    let changes = Changes::deleted(&audit_fields(&address));
    record_audit(conn, context, "customer_address.deleted", &address, changes)?;
    Ok(())
}

/// Deletes all addresses of a customer who is erased.
pub fn delete_all(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<()> {
    Address::delete_all(conn, customer).map(|_| ())
}

/// Fields that the audit log deletes when the customer is erased.
const PERSONAL_FIELDS: [&str; 8] = ["name", "company", "line1", "line2", "city", "area", "postal_code", "phone"];

/// Returns the fields of an address for the audit log.
fn audit_fields(address: &Address) -> Value {
    let Address { name, company, line1, line2, city, area, postal_code, country, phone, .. } = address;
    json!({
        "name": name, "company": company, "line1": line1, "line2": line2, "city": city, "area": area,
        "postal_code": postal_code, "country": country, "phone": phone,
        "is_default_billing": address.is_default_billing, "is_default_shipping": address.is_default_shipping,
    })
}

fn record_audit(
    conn: &mut PgConnection,
    context: &WriteContext,
    action: &str,
    address: &Address,
    changes: Changes,
) -> QueryResult<()> {
    let changes = changes.mark_personal(address.customer_id, &PERSONAL_FIELDS);
    let changes = Changes::created(&json!({"address": address.id})).join(changes);
    audit::record(conn, context, action, AuditObject::new("customer", address.customer_id), changes)
}
