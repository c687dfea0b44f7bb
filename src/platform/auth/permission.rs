//! Permissions and their types. A handler requires a permission by naming its type in the signature.
//!
//! Each domain declares its permissions with `permissions!`, and the composition root registers them.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

/// Permissions of all domains, in the order of the API.
static REGISTRY: OnceLock<Vec<Permission>> = OnceLock::new();

/// An action that a principal can be allowed to do.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    name: &'static str,
    description: &'static str,
}

/// The type of one permission, for [`Allowed`](super::Allowed).
pub trait PermissionType: 'static {
    const PERMISSION: Permission;
}

impl Permission {
    /// Declares a permission. Its name is `area.action`.
    pub const fn new(name: &'static str, description: &'static str) -> Self {
        Self { name, description }
    }

    /// Returns the registered permissions, in the order of the API.
    pub fn all() -> &'static [Self] {
        REGISTRY.get().map_or(ALL, Vec::as_slice)
    }

    /// Returns the registered permission with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().iter().copied().find(|permission| permission.name == name)
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Returns the description for the user who grants the permission.
    pub fn description(self) -> &'static str {
        self.description.trim()
    }
}

impl PartialEq for Permission {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Permission {}

impl PartialOrd for Permission {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Permission {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(other.name)
    }
}

impl Hash for Permission {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Registers the permissions of the domains, followed by those of the platform. Only the first call has an effect.
pub fn register_permissions(domains: &[&[Permission]]) {
    REGISTRY.get_or_init(|| domains.iter().copied().chain([ALL]).flatten().copied().collect());
}

/// Declares the permissions of a domain: the type of each for handler signatures, its name and its description. `ALL`
/// lists them.
macro_rules! permissions {
    ($( #[doc = $text:literal] $kind:ident = $name:literal; )+) => {
        /// All permissions of this domain, in the order of the API.
        pub const ALL: &[$crate::platform::auth::Permission] = &[$( $kind::PERMISSION ),+];

        $(
            #[doc = $text]
            #[derive(Debug, Clone, Copy)]
            pub struct $kind;

            impl $kind {
                pub const PERMISSION: $crate::platform::auth::Permission =
                    $crate::platform::auth::Permission::new($name, $text);
            }

            impl $crate::platform::auth::PermissionType for $kind {
                const PERMISSION: $crate::platform::auth::Permission = Self::PERMISSION;
            }
        )+
    };
}

pub(crate) use permissions;

permissions! {
    /// View the audit log
    ViewAudit = "audit.view";
    /// View background jobs
    ViewJobs = "jobs.view";
    /// Replay failed background jobs
    ReplayJobs = "jobs.replay";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_is_found_by_its_name() {
        assert_eq!(Permission::from_name("jobs.view"), Some(ViewJobs::PERMISSION));
        assert_eq!(Permission::from_name("jobs.delete"), None);
        assert_eq!(ViewJobs::PERMISSION.description(), "View background jobs");
    }
}
