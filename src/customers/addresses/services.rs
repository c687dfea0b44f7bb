//! The rules of a customer's addresses.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::AddressError;
use super::models::{Address, AddressId, Defaults};
use crate::customers::accounts;
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::error::ErrorTree;
use crate::platform::types::{CustomerId, PostalAddress};

/// More are an address book of others.
const MOST_ADDRESSES: i64 = 100;

/// What is to be written, and whether it becomes a default; None leaves that as it is.
#[derive(Debug, Clone)]
pub(super) struct NewAddress {
    pub address: PostalAddress,
    pub is_default_billing: Option<bool>,
    pub is_default_shipping: Option<bool>,
}

/// What becomes of an address, told by what it is: changed in parts, or replaced.
pub(super) type Change<'a> = &'a dyn Fn(&Address) -> Result<NewAddress, ErrorTree>;

pub(super) fn find(conn: &mut PgConnection, customer: CustomerId, id: AddressId) -> Result<Address, AddressError> {
    Address::find(conn, customer, id)?.ok_or(AddressError::NotFound)
}

pub(super) fn ensure_customer(conn: &mut PgConnection, id: CustomerId) -> Result<(), AddressError> {
    accounts::find_customer(conn, id)?.map(|_| ()).ok_or(AddressError::NotFound)
}

/// One at a time for each customer, so that their number and their defaults are counted right.
fn hold(conn: &mut PgConnection, customer: CustomerId) -> Result<(), AddressError> {
    accounts::lock_customer(conn, customer)?.map(|_| ()).ok_or(AddressError::NotFound)
}

/// The first one becomes the default for everything.
pub(super) fn add(
    conn: &mut PgConnection,
    customer: CustomerId,
    new: &NewAddress,
    origin: &Origin,
) -> Result<Address, AddressError> {
    hold(conn, customer)?;
    let count = Address::count(conn, customer)?;
    if count >= MOST_ADDRESSES {
        return Err(AddressError::TooMany);
    }
    let defaults = Defaults {
        billing: new.is_default_billing.unwrap_or(count == 0),
        shipping: new.is_default_shipping.unwrap_or(count == 0),
    };
    Address::give_way(conn, customer, defaults)?;
    let address = Address::insert(conn, customer, &new.address, defaults, origin.at)?;
    note(conn, origin, "customer_address.created", &address, Changes::created(&facts_of(&address)))?;
    Ok(address)
}

pub(super) fn change(
    conn: &mut PgConnection,
    (customer, id): (CustomerId, AddressId),
    change: Change<'_>,
    request: &WriteRequest,
) -> Result<Address, AddressError> {
    hold(conn, customer)?;
    let address = find(conn, customer, id)?;
    request.expected.ensure(address.version)?;
    let new = change(&address).map_err(AddressError::Invalid)?;
    let defaults = Defaults {
        billing: new.is_default_billing.unwrap_or(address.is_default_billing),
        shipping: new.is_default_shipping.unwrap_or(address.is_default_shipping),
    };
    let taken = Defaults {
        billing: defaults.billing && !address.is_default_billing,
        shipping: defaults.shipping && !address.is_default_shipping,
    };
    Address::give_way(conn, customer, taken)?;
    let changed = address.update(conn, &new.address, defaults, request.origin.at)?;
    let told = Changes::between(&facts_of(&address), &facts_of(&changed));
    note(conn, &request.origin, "customer_address.changed", &changed, told)?;
    Ok(changed)
}

/// A default that goes leaves none behind: nobody but the customer knows which comes next.
pub(super) fn remove(
    conn: &mut PgConnection,
    customer: CustomerId,
    id: AddressId,
    request: &WriteRequest,
) -> Result<(), AddressError> {
    hold(conn, customer)?;
    let address = find(conn, customer, id)?;
    request.expected.ensure(address.version)?;
    address.delete(conn)?;
    let told = Changes::deleted(&facts_of(&address));
    note(conn, &request.origin, "customer_address.deleted", &address, told)?;
    Ok(())
}

/// Takes all of a customer's addresses away, for whoever erases the person.
pub fn forget(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<()> {
    Address::delete_all(conn, customer).map(|_| ())
}

/// What goes with the person.
const PERSONAL: [&str; 8] = ["name", "company", "line1", "line2", "city", "area", "postal_code", "phone"];

/// What the audit log tells of an address.
fn facts_of(address: &Address) -> Value {
    let Address { name, company, line1, line2, city, area, postal_code, country, phone, .. } = address;
    json!({
        "name": name, "company": company, "line1": line1, "line2": line2, "city": city, "area": area,
        "postal_code": postal_code, "country": country, "phone": phone,
        "is_default_billing": address.is_default_billing, "is_default_shipping": address.is_default_shipping,
    })
}

fn note(
    conn: &mut PgConnection,
    origin: &Origin,
    action: &str,
    address: &Address,
    changes: Changes,
) -> QueryResult<()> {
    let told = Changes::created(&json!({"address": address.id})).join(changes.about(address.customer_id, &PERSONAL));
    audit::record(conn, origin, action, ("customer", address.customer_id.to_string()), told)
}
