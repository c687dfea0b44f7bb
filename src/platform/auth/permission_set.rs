//! Sets of permissions: of a group or an app.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::Permission;
use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// Set of permissions, as a list of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default, ToSchema)]
#[schema(value_type = Vec<String>, example = json!(["orders.view", "fulfillments.ship"]))]
pub struct PermissionSet(BTreeSet<Permission>);

impl PermissionSet {
    pub fn all() -> Self {
        Permission::all().iter().copied().collect()
    }

    /// Creates the set from stored names. Names of permissions that no longer exist are ignored.
    pub fn from_names(names: &[Option<String>]) -> Self {
        names.iter().flatten().filter_map(|name| Permission::from_name(name)).collect()
    }

    /// Returns the names, as in the database and in JSON.
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(Permission::name).collect()
    }

    pub fn contains(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates in the order of the API.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        Permission::all().iter().copied().filter(|permission| self.contains(*permission))
    }

    /// Returns the permissions that are in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// Returns the permissions that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).copied().collect())
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl FromJson for Permission {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let name = String::from_json(value)?;
        Self::from_name(&name).ok_or_else(|| ErrorTree::invalid_choice(&name))
    }
}

impl FromJson for PermissionSet {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        Ok(Vec::<Permission>::from_json(value)?.into_iter().collect())
    }
}
