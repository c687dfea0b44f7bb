//! The context of a write: its actor, its time, its source, its `If-Match` condition and the key that signs its
//! records.
//!
//! HTTP requests, jobs and the command line each construct one. Services take it as `&WriteContext`, after the
//! connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};

use super::crypto::MasterKey;
use super::error::{ApiError, Kind};
use super::types::{Actor, UserId};

/// Actor, time, source and condition of a write.
#[derive(Debug, Clone)]
pub struct WriteContext {
    pub actor: Actor,
    /// Time of the request, of the job or of the command.
    pub at: DateTime<Utc>,
    /// Network address of the client.
    pub address: Option<String>,
    /// `User-Agent` header, at most 200 characters.
    pub user_agent: String,
    pub request_id: Option<String>,
    /// Versions that the client accepts, from `If-Match`.
    pub expected: ExpectedVersion,
    /// Key that signs audit entries and tokens.
    pub key: Arc<MasterKey>,
}

impl WriteContext {
    /// Returns the context of a write without a request: in a job, an import or a command.
    pub fn system(at: DateTime<Utc>, key: &Arc<MasterKey>) -> Self {
        Self {
            actor: Actor::System,
            at,
            address: None,
            user_agent: String::new(),
            request_id: None,
            expected: ExpectedVersion::any(),
            key: Arc::clone(key),
        }
    }

    /// Returns the same context with `user` as the actor, for a request that signs the user in.
    #[must_use]
    pub fn as_user(&self, user: UserId) -> Self {
        Self { actor: Actor::User(user), ..self.clone() }
    }

    /// Returns the same context for a further row: `If-Match` applies only to the row that the URL identifies.
    #[must_use]
    pub fn without_condition(&self) -> Self {
        Self { expected: ExpectedVersion::any(), ..self.clone() }
    }
}

/// Versions of a row that a write accepts (`If-Match`, RFC 9110, section 13.1.1).
#[derive(Debug, Clone)]
pub struct ExpectedVersion {
    /// None accepts every version.
    versions: Option<Vec<i32>>,
    /// True once a service has compared a version. A write whose condition no service compares is rejected.
    is_compared: Arc<AtomicBool>,
}

/// The row has another version than the client expects, or the resource has no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    #[error("The resource has changed: its version is now {0}. Read it again and repeat the request.")]
    Changed(i32),
    #[error("This resource has no version: send the request without If-Match.")]
    Unversioned,
}

impl ApiError for Stale {
    fn kind(&self) -> Kind {
        let rejected = Kind::rejected(StatusCode::PRECONDITION_FAILED, "precondition_failed");
        match self {
            Self::Changed(version) => rejected.with("version", (*version).into()),
            Self::Unversioned => rejected,
        }
    }
}

impl ExpectedVersion {
    /// Accepts every version.
    pub fn any() -> Self {
        Self { versions: None, is_compared: Arc::default() }
    }

    /// Accepts these versions only.
    pub fn one_of(versions: Vec<i32>) -> Self {
        Self { versions: Some(versions), is_compared: Arc::default() }
    }

    /// Compares the version of a row. The caller has locked the row, so that the version cannot change before the
    /// update.
    pub fn ensure(&self, version: i32) -> Result<(), Stale> {
        self.is_compared.store(true, Ordering::Relaxed);
        match &self.versions {
            Some(versions) if !versions.contains(&version) => Err(Stale::Changed(version)),
            _ => Ok(()),
        }
    }

    /// Rejects a write whose condition no service compared.
    pub fn ensure_compared(&self) -> Result<(), Stale> {
        if self.is_any() || self.is_compared.load(Ordering::Relaxed) { Ok(()) } else { Err(Stale::Unversioned) }
    }

    pub const fn is_any(&self) -> bool {
        self.versions.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_accepts_its_versions_only() {
        assert!(ExpectedVersion::any().is_any());
        assert_eq!(ExpectedVersion::any().ensure(9), Ok(()));
        let expected = ExpectedVersion::one_of(vec![7, 8]);
        assert!(!expected.is_any());
        assert_eq!(expected.ensure(8), Ok(()));
        assert_eq!(expected.ensure(9), Err(Stale::Changed(9)));
    }

    #[test]
    fn condition_that_no_service_compares_is_rejected() {
        let expected = ExpectedVersion::one_of(vec![7]);
        assert_eq!(expected.ensure_compared(), Err(Stale::Unversioned));
        assert_eq!(expected.ensure(7), Ok(()));
        assert_eq!(expected.clone().ensure_compared(), Ok(()));
        assert_eq!(ExpectedVersion::any().ensure_compared(), Ok(()));
    }
}
