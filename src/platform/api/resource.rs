//! Resources: the types that the API returns, and the relations between them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use serde_json::Value;

use crate::platform::auth::Principal;
use crate::platform::error::Problem;

/// A type that the API returns as JSON.
pub trait Resource: Serialize {
    /// Members that `expand` can replace by the full object.
    const RELATIONS: &'static [Relation] = &[];

    /// Returns the version of the row for `If-Match`. It increases with every update; None if the row is never updated.
    fn version(&self) -> Option<i32> {
        None
    }

    /// Removes the members that the principal is not allowed to view. The JSON omits them; they are not null.
    fn redact(&mut self, _principal: Option<&Principal>) {}

    /// Returns the time of the last update, if every member of the view changes with the row only.
    fn last_modified(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// A member that can be expanded.
#[derive(Debug, Clone, Copy)]
pub struct Relation {
    pub name: &'static str,
    pub kind: RelationKind,
}

#[derive(Debug, Clone, Copy)]
pub enum RelationKind {
    /// Objects that the parent always contains in full, with their own relations.
    Nested(&'static [Relation]),
    /// The key of another resource, with the relations of that resource.
    Reference { load: ResourceLoader, relations: fn() -> &'static [Relation] },
}

/// Loads the resources with these keys that the principal can view. The keys of all others stay unexpanded.
pub type ResourceLoader = fn(&mut PgConnection, Option<&Principal>, &[String]) -> Result<ExpandedResources, Problem>;

/// Resources as JSON, by their keys.
#[derive(Debug, Default)]
pub struct ExpandedResources(pub(super) HashMap<String, Value>);

impl ExpandedResources {
    /// Serializes the views, redacted for this principal.
    pub fn new<T: Resource>(
        mut views: Vec<T>,
        principal: Option<&Principal>,
        key: impl Fn(&T) -> String,
    ) -> Result<Self, Problem> {
        views.iter_mut().for_each(|view| view.redact(principal));
        let pairs = views.iter().map(|view| Ok((key(view), serde_json::to_value(view)?)));
        let pairs: serde_json::Result<_> = pairs.collect();
        pairs.map(Self).map_err(|error| Problem::internal(error.into()))
    }
}

impl Relation {
    pub const fn nested(name: &'static str, relations: &'static [Self]) -> Self {
        Self { name, kind: RelationKind::Nested(relations) }
    }

    pub const fn reference(name: &'static str, load: ResourceLoader, relations: fn() -> &'static [Self]) -> Self {
        Self { name, kind: RelationKind::Reference { load, relations } }
    }
}

/// Parses keys to their type. A key that does not parse refers to no resource and is skipped.
pub fn parse_keys<K: std::str::FromStr>(keys: &[String]) -> Vec<K> {
    keys.iter().filter_map(|key| key.parse().ok()).collect()
}
