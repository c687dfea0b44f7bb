//! The person behind a token.

use std::collections::HashSet;

use futures_util::future::BoxFuture;

use super::Permission;
use crate::platform::error::Problem;
use crate::platform::types::{Actor, CustomerId, Email, SessionId, UserId};

/// Somebody who is signed in, with an active account and a session that has not ended.
#[derive(Debug, Clone)]
pub struct Principal {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub customer_id: Option<CustomerId>,
    pub email: Email,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub permissions: HashSet<Permission>,
}

impl Principal {
    pub fn may(&self, permission: Permission) -> bool {
        self.is_superuser || self.permissions.contains(&permission)
    }

    pub const fn actor(&self) -> Actor {
        Actor::User(self.user_id)
    }
}

/// Knows who is behind a session: the customers domain.
pub trait PrincipalSource: Send + Sync {
    /// None where the session has ended or its user is gone or inactive; at most 2 s old.
    fn find(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Principal>, Problem>>;
}
