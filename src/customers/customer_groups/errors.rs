//! Errors of customer groups.

use crate::platform::error::{ApiError, UnknownIds};
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum GroupError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("customer group with this name already exists.")]
    #[kind(invalid("name", "unique"))]
    NameTaken,
    #[error(transparent)]
    UnknownCustomers(#[from] UnknownIds),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}
