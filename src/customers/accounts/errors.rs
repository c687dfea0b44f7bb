//! Errors of accounts.

use crate::platform::auth::ReauthenticationRequired;
use crate::platform::error::ApiError;
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum AccountError {
    #[error("A user is already registered with this e-mail address.")]
    #[kind(invalid("email", "unique"))]
    EmailTaken,
    #[error("A customer without an account has no last name: enter the full name as the first name.")]
    #[kind(invalid("last_name", "invalid"))]
    LastNameWithoutAccount,
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error(transparent)]
    ReauthenticationRequired(#[from] ReauthenticationRequired),
    /// A staff member with customer permissions cannot change the account of another staff member.
    #[error("This account belongs to a staff member: only the staff member can change it.")]
    #[kind(conflict = "staff_account")]
    StaffAccount,
    /// The customer was erased: only the id remains, for the orders.
    #[error("This customer was erased.")]
    #[kind(conflict = "customer_erased")]
    Erased,
    #[error("cannot queue a message: {0}")]
    #[kind(internal)]
    MessageNotQueued(anyhow::Error),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}
