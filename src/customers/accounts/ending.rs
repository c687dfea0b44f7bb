//! Accounts that are switched off, and customers of whom only the books still know.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::events::{CustomerTopic, tell};
use super::models::{Customer, User};
use super::services::{Profile, set_active};
use crate::platform::audit::{self, Origin};

/// Switches the account of somebody whom the caller holds locked on or off; nothing where it is so already.
pub fn switch(conn: &mut PgConnection, profile: &Profile, is_active: bool, origin: &Origin) -> QueryResult<()> {
    if profile.user.is_active == is_active {
        return Ok(());
    }
    set_active(conn, profile.user.id, is_active, origin)?;
    let topic = if is_active { CustomerTopic::Activated } else { CustomerTopic::Deactivated };
    tell(conn, topic, &profile.customer, origin)
}

/// All e-mail addresses that somebody is or was known by.
pub(super) fn addresses_of(
    conn: &mut PgConnection,
    customer: &Customer,
    user: Option<&User>,
) -> QueryResult<Vec<String>> {
    let present = customer.email.iter().chain(user.map(|user| &user.email)).map(|email| email.as_str().to_owned());
    let former = user.map(|user| audit::emails_told_of(conn, user.id.into())).transpose()?.unwrap_or_default();
    Ok(present.chain(former).collect())
}

/// Removes the person from a customer whom the caller holds locked, and with the user all that only hangs on it. The
/// audit log forgets them by all that they are known by.
pub fn strip(conn: &mut PgConnection, customer: &Customer, user: Option<&User>, origin: &Origin) -> QueryResult<()> {
    let emails = addresses_of(conn, customer, user)?;
    let mut people: Vec<Uuid> = emails.iter().map(|email| audit::person_by_email(email)).collect();
    people.push(customer.id.into());
    if let Some(user) = user {
        people.push(user.id.into());
        User::delete(conn, user.id)?;
    }
    people.sort_unstable();
    people.dedup();
    customer.strip(conn, origin.at)?;
    tell(conn, CustomerTopic::Erased, customer, origin)?;
    let told = audit::forget(conn, &people)?;
    audit::record(conn, origin, "customer.erased", ("customer", customer.id.to_string()), told)
}
