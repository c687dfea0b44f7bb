//! `ETag`, `If-None-Match` and `If-Match` (RFC 9110, section 13).
//!
//! A tag is `"version.digest"`: a copy is fresh only if all of it is the same (fields, language and role change the
//! digest), a change is wanted by whoever saw the same version.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::platform::auth::sha256;
use crate::platform::error::{ApiError, Kind};

/// The tag of a body; `version` is its row's, where it has one.
pub(super) fn entity_tag(version: Option<i32>, body: &[u8]) -> String {
    let digest = hex::encode(sha256(body).into_iter().take(12).collect::<Vec<u8>>());
    match version {
        Some(version) => format!("\"{version}.{digest}\""),
        None => format!("\"{digest}\""),
    }
}

/// Whether the client has this very copy.
pub(super) fn is_fresh(request: &HttpRequest, tag: &str) -> bool {
    tags(request, IF_NONE_MATCH).iter().any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn tags(request: &HttpRequest, name: HeaderName) -> Vec<String> {
    let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// The versions that a change is meant for; none: whatever there is.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    versions: Option<Vec<i32>>,
    /// Whether anybody has looked: a condition that nobody looks at is not met.
    was_looked_at: Arc<AtomicBool>,
}

/// The thing was changed since the client saw it, or has no versions that a client could have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    #[error("This was changed in the meantime: it is at version {0} now.")]
    Changed(i32),
    #[error("This has no version that could be matched.")]
    Unversioned,
}

impl ApiError for Stale {
    fn kind(&self) -> Kind {
        let refused = Kind::refused(StatusCode::PRECONDITION_FAILED, "precondition_failed");
        match self {
            Self::Changed(version) => refused.with("version", (*version).into()),
            Self::Unversioned => refused,
        }
    }
}

impl Expected {
    /// A tag that is not of ours, or cannot be read, names no version, and so none that is there.
    pub(super) fn read(request: &HttpRequest) -> Self {
        let tags = tags(request, IF_MATCH);
        if !request.headers().contains_key(IF_MATCH) || tags.iter().any(|tag| tag == "*") {
            return Self::default();
        }
        Self { versions: Some(tags.iter().filter_map(|tag| version_of(tag)).collect()), ..Self::default() }
    }

    /// Call it with the row locked, so that nobody changes it between the look and the change.
    pub fn ensure(&self, version: i32) -> Result<(), Stale> {
        self.was_looked_at.store(true, Ordering::Relaxed);
        match &self.versions {
            Some(versions) if !versions.contains(&version) => Err(Stale::Changed(version)),
            _ => Ok(()),
        }
    }

    /// Refuses what was done without a look at the condition that it was asked under.
    pub(super) fn ensure_looked_at(&self) -> Result<(), Stale> {
        if self.is_any() || self.was_looked_at.load(Ordering::Relaxed) { Ok(()) } else { Err(Stale::Unversioned) }
    }

    pub const fn is_any(&self) -> bool {
        self.versions.is_none()
    }
}

fn version_of(tag: &str) -> Option<i32> {
    let inner = tag.trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')?;
    inner.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn expected(value: &str) -> Expected {
        Expected::read(&TestRequest::default().insert_header((IF_MATCH, value)).to_http_request())
    }

    #[test]
    fn a_change_is_for_the_versions_that_were_seen() {
        assert!(Expected::read(&TestRequest::default().to_http_request()).is_any());
        assert!(expected("*").is_any());
        assert_eq!(expected("\"7.ab\", W/\"8.cd\"").versions, Some(vec![7, 8]));
        assert!(expected("\"7.ab\"").ensure(7).is_ok());
        assert_eq!(expected("\"7.ab\"").ensure_looked_at(), Err(Stale::Unversioned));
        assert_eq!(expected("*").ensure_looked_at(), Ok(()));
        assert_eq!(expected("\"7.ab\"").ensure(8), Err(Stale::Changed(8)));
        assert_eq!(expected("\"other\"").ensure(1), Err(Stale::Changed(1)));
        for nothing in ["7", "", ",", "ÿ"] {
            assert_eq!(expected(nothing).ensure(7), Err(Stale::Changed(7)), "{nothing}");
        }
    }

    #[test]
    fn a_copy_is_fresh_only_if_all_of_it_is_the_same() {
        let tag = entity_tag(Some(3), b"body");
        assert!(tag.starts_with("\"3.") && tag.len() == 28, "{tag}");
        let has = |value: &str| {
            is_fresh(&TestRequest::default().insert_header((IF_NONE_MATCH, value)).to_http_request(), &tag)
        };
        assert!(has(&tag) && has("*") && has(&format!("\"x\", W/{tag}")));
        assert!(!has("\"3.0\"") && !has(&entity_tag(Some(4), b"body")) && !has(&entity_tag(Some(3), b"other")));
    }
}
