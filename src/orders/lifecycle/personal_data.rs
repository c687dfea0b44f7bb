//! What orders know of a person, and what is left of it for the books.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::{HistoryEntry, Order};
use super::views::OrderView;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::events;
use crate::platform::notify::forget_messages;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// A customer's orders.
///
/// Forgetting somebody leaves number, status, lines, amounts, taxes and the countries of the addresses, which the books
/// need; names, streets, e-mail, telephone and what was written beside the order go. Invoices, where they were issued,
/// keep the name that the law wants on them.
#[derive(Debug, Clone, Copy)]
pub struct OrderData;

impl PersonalData for OrderData {
    fn section(&self) -> &'static str {
        "orders"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let orders = Order::of_customer(conn, customer)?;
        let views = OrderView::of_all(conn, orders)?;
        serde_json::to_value(views).map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }

    fn hindrance(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<String>> {
        let open = Order::open_number_of(conn, customer)?;
        Ok(open.map(|number| format!("Order {number} is not finished: cancel it, or wait until it has been sent.")))
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()> {
        let emails = Order::emails_of(conn, customer)?;
        let orders = Order::strip_of_customer(conn, customer, origin.at)?;
        if orders.is_empty() {
            return Ok(());
        }
        HistoryEntry::strip(conn, &orders)?;
        let aggregates: Vec<_> = orders.iter().map(|order| *order.as_uuid()).collect();
        let told = events::ids_about(conn, "order", &aggregates)?;
        forget_messages(conn, &[], &told)?;
        // What the audit log told of orders before they were this customer's.
        let by_email = emails.iter().map(|email| audit::person_by_email(email.as_str()));
        let people: Vec<_> = by_email.chain([customer.into()]).collect();
        let told = Changes::created(&json!({"orders": orders.len()})).join(audit::forget(conn, &people)?);
        audit::record(conn, origin, "customer.orders_stripped", ("customer", customer.to_string()), told)
    }
}
