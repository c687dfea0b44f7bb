//! Export and erasure of the personal data in orders.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::{find_open_number, list_emails, list_orders};
use crate::orders::lifecycle::{Order, OrderHistoryEntry, OrderView};
use crate::platform::api::LoadView;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::events;
use crate::platform::notify::delete_messages;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Personal data in a customer's orders.
///
/// Erasure removes names, streets, e-mail addresses, phone numbers and notes. It keeps number, status, lines, amounts,
/// taxes and the countries of the addresses, which accounting requires. Invoices keep the name that the law requires.
#[derive(Debug, Clone, Copy)]
pub struct OrderData;

impl PersonalData for OrderData {
    fn section(&self) -> &'static str {
        "orders"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let orders = list_orders(conn, customer)?;
        let views = OrderView::load(conn, orders)?;
        serde_json::to_value(views).map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }

    fn erasure_blocker(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<String>> {
        let open = find_open_number(conn, customer)?;
        Ok(open.map(|number| format!("Order {number} is not complete: cancel it or wait until it has shipped.")))
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, context: &WriteContext) -> QueryResult<()> {
        let emails = list_emails(conn, customer)?;
        let orders = Order::erase_customer_data(conn, customer, context.at)?;
        if orders.is_empty() {
            return Ok(());
        }
        OrderHistoryEntry::erase_notes(conn, &orders)?;
        let aggregates: Vec<_> = orders.iter().map(|order| *order.as_uuid()).collect();
        let events = events::ids_for_aggregates(conn, "order", &aggregates)?;
        delete_messages(conn, &[], &events)?;
        // Audit entries about guest orders refer to the buyer by e-mail address.
        let guests = emails.iter().map(|email| audit::person_id_for_email(&context.key, email.as_str()));
        let people: Vec<_> = guests.chain([customer.into()]).collect();
        let changes =
            Changes::created(&json!({"orders": orders.len()})).join(audit::erase_personal_values(conn, &people)?);
        audit::record(conn, context, "customer.orders_stripped", AuditObject::new("customer", customer), changes)
    }
}
