//! Members of customer groups.

use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::GroupError;
use super::models::{CustomerGroup, Member, lock_customers};
use crate::customers::ids::CustomerGroupId;
use crate::platform::audit::Changes;
use crate::platform::error::UnknownIds;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Adds customers to a group. If one of them does not exist, the service adds none.
pub(super) fn add_members(
    conn: &mut PgConnection,
    context: &WriteContext,
    id: CustomerGroupId,
    customers: &[CustomerId],
) -> Result<CustomerGroup, GroupError> {
    let group = CustomerGroup::lock(conn, context, id)?;
    UnknownIds::check("customers", customers, &lock_customers(conn, customers)?)?;
    if Member::insert(conn, id, customers, context.at)? > 0 {
        let changes = Changes::created(&json!({"customers": customers}));
        group.audit(conn, context, "customer_group.members_added", changes)?;
    }
    Ok(group)
}

/// Removes customers from a group. Customers who are not members are ignored.
pub(super) fn remove_members(
    conn: &mut PgConnection,
    context: &WriteContext,
    id: CustomerGroupId,
    customers: &[CustomerId],
) -> Result<CustomerGroup, GroupError> {
    let group = CustomerGroup::lock(conn, context, id)?;
    if Member::delete(conn, id, customers)? > 0 {
        let changes = Changes::deleted(&json!({"customers": customers}));
        group.audit(conn, context, "customer_group.members_removed", changes)?;
    }
    Ok(group)
}
