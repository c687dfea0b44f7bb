//! Twins within one process, told apart before they take a connection.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::once::{Once, Scope, still_running};
use crate::platform::error::Problem;

/// The scopes of the keyed requests that are being answered.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<Scope>>>);

/// Leaves when it is dropped.
#[derive(Debug)]
pub(in crate::platform::api) struct Entered {
    scope: Scope,
    all: InFlight,
}

impl InFlight {
    /// 409 for the twin of a request that is under way.
    pub(in crate::platform::api) fn enter(&self, once: &Once) -> Result<Entered, Problem> {
        let scope = once.scope();
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scope);
        if is_new { Ok(Entered { scope, all: self.clone() }) } else { Err(still_running()) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.scope);
    }
}
