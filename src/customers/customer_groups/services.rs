//! Making groups of customers, and who belongs to them.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::GroupError;
use super::models::{CustomerGroup, GroupChanges, NewGroup, hold_customers, leave_all};
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::types::{CustomerGroupId, CustomerId};

pub(super) fn find(conn: &mut PgConnection, id: CustomerGroupId) -> Result<CustomerGroup, GroupError> {
    CustomerGroup::find(conn, id)?.ok_or(GroupError::NotFound)
}

fn lock(conn: &mut PgConnection, id: CustomerGroupId, request: &WriteRequest) -> Result<CustomerGroup, GroupError> {
    let group = CustomerGroup::lock(conn, id)?.ok_or(GroupError::NotFound)?;
    request.expected.ensure(group.version)?;
    Ok(group)
}

pub(super) fn create(conn: &mut PgConnection, new: &NewGroup, origin: &Origin) -> Result<CustomerGroup, GroupError> {
    let group = CustomerGroup::insert(conn, new, origin.at)?;
    let told = Changes::created(&facts_of(&group));
    audit::record(conn, origin, "customer_group.created", ("customer_group", group.id.to_string()), told)?;
    Ok(group)
}

pub(super) fn change(
    conn: &mut PgConnection,
    id: CustomerGroupId,
    changes: &GroupChanges,
    request: &WriteRequest,
) -> Result<CustomerGroup, GroupError> {
    let group = lock(conn, id, request)?;
    let changed = group.update(conn, changes, request.origin.at)?;
    let told = Changes::between(&facts_of(&group), &facts_of(&changed));
    audit::record(conn, &request.origin, "customer_group.changed", ("customer_group", id.to_string()), told)?;
    Ok(changed)
}

/// The customers stay; they only belong to it no longer.
pub(super) fn delete(conn: &mut PgConnection, id: CustomerGroupId, request: &WriteRequest) -> Result<(), GroupError> {
    let group = lock(conn, id, request)?;
    group.delete(conn)?;
    let told = Changes::deleted(&facts_of(&group));
    audit::record(conn, &request.origin, "customer_group.deleted", ("customer_group", id.to_string()), told)?;
    Ok(())
}

/// All of them or, where one does not exist, none.
pub(super) fn add(
    conn: &mut PgConnection,
    id: CustomerGroupId,
    customers: &[CustomerId],
    request: &WriteRequest,
) -> Result<CustomerGroup, GroupError> {
    let group = lock(conn, id, request)?;
    let there = hold_customers(conn, customers)?;
    let unknown: Vec<_> = customers.iter().copied().enumerate().filter(|(_, id)| !there.contains(id)).collect();
    if !unknown.is_empty() {
        return Err(GroupError::UnknownCustomers(unknown));
    }
    if group.add(conn, customers, request.origin.at)? > 0 {
        let told = Changes::created(&json!({"customers": customers}));
        let group = ("customer_group", id.to_string());
        audit::record(conn, &request.origin, "customer_group.members_added", group, told)?;
    }
    Ok(group)
}

/// Those who do not belong to it are passed over: they are where they should be.
pub(super) fn remove(
    conn: &mut PgConnection,
    id: CustomerGroupId,
    customers: &[CustomerId],
    request: &WriteRequest,
) -> Result<CustomerGroup, GroupError> {
    let group = lock(conn, id, request)?;
    if group.remove(conn, customers)? > 0 {
        let told = Changes::deleted(&json!({"customers": customers}));
        let group = ("customer_group", id.to_string());
        audit::record(conn, &request.origin, "customer_group.members_removed", group, told)?;
    }
    Ok(group)
}

/// Takes a customer out of all groups, for whoever erases the person.
pub fn forget(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<()> {
    leave_all(conn, customer).map(|_| ())
}

fn facts_of(group: &CustomerGroup) -> Value {
    json!({"name": group.name, "description": group.description, "metadata": group.metadata})
}
