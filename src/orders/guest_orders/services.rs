//! Links guest orders to customers.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use crate::customers::accounts;
use crate::orders::lifecycle::Order;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Assigns guest orders to a customer by the customer's e-mail address, if that address is verified.
pub(super) fn link_guest_orders(
    conn: &mut PgConnection,
    customer: CustomerId,
    context: &WriteContext,
) -> QueryResult<()> {
    let user = accounts::find_user_id(conn, customer)?;
    let user = user.map(|user| accounts::find_user(conn, user)).transpose()?.flatten();
    let Some(user) = user.filter(|user| user.is_verified()) else { return Ok(()) };
    let linked = Order::link_guest_orders(conn, customer, &user.email, context.at)?;
    if linked.is_empty() {
        return Ok(());
    }
    let changes = Changes::created(&json!({"orders": linked}));
    audit::record(conn, context, "customer.orders_adopted", AuditObject::new("customer", customer), changes)
}
