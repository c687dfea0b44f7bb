//! Errors of customer records and notes.

use crate::customers::accounts::AccountError;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error, ApiError)]
pub enum DirectoryError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("The phone number is not valid.")]
    #[kind(with = invalid_phone)]
    Phone(ErrorTree),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn invalid_phone(errors: &ErrorTree) -> Kind {
    Kind::invalid("phone", errors.clone())
}
