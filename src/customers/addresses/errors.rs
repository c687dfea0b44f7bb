//! What can be wrong with a customer's addresses.

use crate::platform::api::Stale;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("Not found.")]
    NotFound,
    #[error("A customer has at most 100 addresses.")]
    TooMany,
    #[error("The address is not one of its country.")]
    Invalid(ErrorTree),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for AddressError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::TooMany => Kind::conflict("too_many_addresses"),
            Self::Invalid(tree) => Kind::Invalid(tree.clone()),
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
