//! What can be wrong with a group of customers.

use std::collections::BTreeMap;

use crate::platform::api::Stale;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::types::CustomerId;

#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    #[error("Not found.")]
    NotFound,
    #[error("customer group with this name already exists.")]
    NameTaken,
    /// By their places in what was sent.
    #[error("Some of these customers do not exist.")]
    UnknownCustomers(Vec<(usize, CustomerId)>),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for GroupError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NameTaken => Kind::invalid("name", ErrorTree::message("unique", self.to_string())),
            Self::UnknownCustomers(unknown) => {
                let places = unknown.iter().map(|(place, id)| (place.to_string(), ErrorTree::does_not_exist(id)));
                Kind::invalid("customers", ErrorTree::Members(places.collect::<BTreeMap<_, _>>()))
            }
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
