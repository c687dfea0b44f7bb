//! Errors of a customer's addresses.

use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum AddressError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("A customer can have at most 100 addresses. Delete an address first.")]
    #[kind(conflict = "too_many_addresses")]
    TooMany,
    #[error("The address is not valid in its country.")]
    #[kind(with = invalid_address)]
    Invalid(ErrorTree),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn invalid_address(errors: &ErrorTree) -> Kind {
    Kind::Invalid(errors.clone())
}
