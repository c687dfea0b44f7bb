//! Several permissions at once: what a group allows, or a program may do.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::Permission;
use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// A set of permissions; on the wire a list of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default, ToSchema)]
#[schema(value_type = Vec<String>, example = json!(["orders.view", "fulfillments.ship"]))]
pub struct PermissionSet(BTreeSet<Permission>);

impl PermissionSet {
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Of stored names; those that no longer mean anything are left out.
    pub fn of_names(names: &[Option<String>]) -> Self {
        names.iter().flatten().filter_map(|name| Permission::of_name(name)).collect()
    }

    /// As they are stored and shown.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|permission| permission.name()).collect()
    }

    pub fn contains(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }

    /// Those of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// Those that the other has not.
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
        Self::of_name(&name).ok_or_else(|| ErrorTree::invalid_choice(&name))
    }
}

impl FromJson for PermissionSet {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        Ok(Vec::<Permission>::from_json(value)?.into_iter().collect())
    }
}
