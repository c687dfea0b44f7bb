//! Permissions of all domains.

use crate::platform::auth::register_permissions;
use crate::{customers, orders, products};

/// Registers the permissions of all domains. It can run several times.
pub fn register() {
    register_permissions(&[customers::permissions::ALL, products::permissions::ALL, orders::permissions::ALL]);
}
