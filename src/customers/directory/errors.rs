//! What can be wrong with a change of a customer.

use crate::customers::accounts::AccountError;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("Not found.")]
    NotFound,
    #[error("The phone number is not valid.")]
    Phone(ErrorTree),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for DirectoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::Phone(tree) => Kind::invalid("phone", tree.clone()),
            Self::Account(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
