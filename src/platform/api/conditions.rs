//! `ETag`, `If-None-Match` and `If-Match` (RFC 9110, section 13).
//!
//! An entity tag is `"version.digest"`. `If-None-Match` compares the whole tag: field selection, language and role
//! change the digest. `If-Match` compares the version only.

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IF_MATCH, IfMatch, IfNoneMatch};

use crate::platform::auth::sha256;
use crate::platform::write_context::ExpectedVersion;

/// Returns the entity tag of a body. `version` is the version of its row, if the row has one.
pub(super) fn entity_tag(version: Option<i32>, body: &[u8]) -> EntityTag {
    let digest = hex::encode(sha256(body).into_iter().take(12).collect::<Vec<u8>>());
    EntityTag::new_strong(match version {
        Some(version) => format!("{version}.{digest}"),
        None => digest,
    })
}

/// Returns true if the client already has the representation with this tag. `If-None-Match` uses weak comparison.
pub(super) fn is_fresh(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Reads the versions that `If-Match` names.
///
/// `*` and a request without the header accept every version. An unreadable or foreign tag matches no version, and
/// neither does a weak tag, because `If-Match` uses strong comparison (RFC 9110, section 13.1.1).
pub(crate) fn expected_version(request: &HttpRequest) -> ExpectedVersion {
    if !request.headers().contains_key(IF_MATCH) {
        return ExpectedVersion::any();
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => ExpectedVersion::any(),
        Ok(IfMatch::Items(tags)) => ExpectedVersion::one_of(tags.iter().filter_map(version_of).collect()),
        Err(_) => ExpectedVersion::one_of(Vec::new()),
    }
}

fn version_of(tag: &EntityTag) -> Option<i32> {
    if tag.weak {
        return None;
    }
    tag.tag().split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::IF_NONE_MATCH;
    use actix_web::test::TestRequest;

    use super::*;
    use crate::platform::write_context::Stale;

    fn expected(value: &str) -> ExpectedVersion {
        expected_version(&TestRequest::default().insert_header((IF_MATCH, value)).to_http_request())
    }

    #[test]
    fn if_match_names_the_versions_that_a_write_accepts() {
        assert!(expected_version(&TestRequest::default().to_http_request()).is_any());
        assert!(expected("*").is_any());
        for known in ["\"7.ab\"", "\"8.cd\", \"7.ab\""] {
            assert_eq!(expected(known).ensure(7), Ok(()), "{known}");
        }
        for unknown in ["\"8.ab\"", "W/\"7.ab\"", "\"other\"", "7", "", ",", "ÿ"] {
            assert_eq!(expected(unknown).ensure(7), Err(Stale::Changed(7)), "{unknown}");
        }
    }

    #[test]
    fn cached_copy_is_fresh_only_if_its_whole_tag_matches() {
        let tag = entity_tag(Some(3), b"body");
        assert!(tag.tag().starts_with("3.") && tag.tag().len() == 26, "{tag}");
        let is_fresh = |value: &str| {
            is_fresh(&TestRequest::default().insert_header((IF_NONE_MATCH, value)).to_http_request(), &tag)
        };
        for known in ["*", &tag.to_string(), &format!("\"x\", W/{tag}")] {
            assert!(is_fresh(known), "{known}");
        }
        for other in [entity_tag(Some(4), b"body"), entity_tag(Some(3), b"other"), EntityTag::new_strong("3.0".into())]
        {
            assert!(!is_fresh(&other.to_string()), "{other}");
        }
    }
}
