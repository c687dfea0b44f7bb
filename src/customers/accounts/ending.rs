//! Accounts that are switched off, and customers of whom only the books still know.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::events::{CustomerTopic, tell};
use super::models::{Customer, User};
use super::services::{Profile, set_active};
use crate::platform::audit::{self, Changes, Origin};

/// Switches the account of somebody whom the caller holds locked on or off; nothing where it is so already.
pub fn switch(conn: &mut PgConnection, profile: &Profile, is_active: bool, origin: &Origin) -> QueryResult<()> {
    if profile.user.is_active == is_active {
        return Ok(());
    }
    set_active(conn, profile.user.id, is_active, origin)?;
    let topic = if is_active { CustomerTopic::Activated } else { CustomerTopic::Deactivated };
    tell(conn, topic, &profile.customer, origin)
}

/// Removes the person from a customer whom the caller holds locked, and with the user all that only hangs on it.
pub fn strip(conn: &mut PgConnection, customer: &Customer, origin: &Origin) -> QueryResult<()> {
    if let Some(user) = customer.user_id {
        User::delete(conn, user)?;
    }
    customer.strip(conn, origin.at)?;
    tell(conn, CustomerTopic::Erased, customer, origin)?;
    audit::record(conn, origin, "customer.erased", ("customer", customer.id.to_string()), Changes::none())
}
