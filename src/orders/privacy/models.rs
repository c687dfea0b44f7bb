//! Queries for the orders of a customer.

use diesel::prelude::*;

use crate::orders::lifecycle::{Order, OrderStatus};
use crate::platform::types::{CustomerId, Email};
use crate::schema::orders;

/// Returns all orders of a customer, oldest first.
pub(super) fn list_orders(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Vec<Order>> {
    Order::query().filter(orders::customer_id.eq(customer)).order((orders::placed_at, orders::id)).load(conn)
}

/// Returns the number of the customer's oldest order that is neither shipped nor closed.
pub(super) fn find_open_number(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<String>> {
    let open = [OrderStatus::Draft, OrderStatus::Pending, OrderStatus::Confirmed, OrderStatus::Processing];
    orders::table
        .filter(orders::customer_id.eq(customer))
        .filter(orders::status.eq_any(open))
        .order((orders::placed_at, orders::id))
        .select(orders::number)
        .first(conn)
        .optional()
}

/// Returns the distinct e-mail addresses of a customer's orders.
pub(super) fn list_emails(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Vec<Email>> {
    let emails = orders::table.filter(orders::customer_id.eq(customer)).select(orders::email).distinct();
    Ok(emails.load::<Option<Email>>(conn)?.into_iter().flatten().collect())
}
