//! Concurrent requests with the same key in one process, detected before they take a connection.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::idempotent_request::{IdempotentRequest, Scope, key_in_use};
use crate::platform::error::Problem;

/// The scopes of the keyed requests that this process is executing.
#[derive(Debug, Clone, Default)]
pub struct InFlightKeys(Arc<Mutex<HashSet<Scope>>>);

/// Guard of one scope. Dropping it removes the scope.
#[derive(Debug)]
pub(in crate::platform::api) struct InFlightGuard {
    scope: Scope,
    all: InFlightKeys,
}

impl InFlightKeys {
    /// Enters the scope of a request. Returns 409 if a request with this scope is running.
    pub(in crate::platform::api) fn enter(&self, request: &IdempotentRequest) -> Result<InFlightGuard, Problem> {
        let scope = request.scope();
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scope);
        if is_new { Ok(InFlightGuard { scope, all: self.clone() }) } else { Err(key_in_use()) }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.scope);
    }
}
