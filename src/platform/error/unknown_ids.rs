//! The error of a list of references of which some do not exist.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use super::{ApiError, ErrorTree, Kind};

/// Ids of a request body that do not exist, with their indices in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Some of the referenced objects do not exist.")]
pub struct UnknownIds {
    field: &'static str,
    ids: Vec<(usize, String)>,
}

impl UnknownIds {
    /// Returns the error of the ids in the list `field` that are not in `existing`.
    pub fn check<I: Eq + Hash + Display>(field: &'static str, ids: &[I], existing: &HashSet<I>) -> Result<(), Self> {
        let unknown = ids.iter().enumerate().filter(|(_, id)| !existing.contains(id));
        let ids: Vec<_> = unknown.map(|(index, id)| (index, id.to_string())).collect();
        if ids.is_empty() { Ok(()) } else { Err(Self { field, ids }) }
    }
}

impl ApiError for UnknownIds {
    fn kind(&self) -> Kind {
        let errors = self.ids.iter().map(|(index, id)| (index.to_string(), ErrorTree::does_not_exist(id)));
        Kind::invalid(self.field, ErrorTree::Members(errors.collect()))
    }
}
