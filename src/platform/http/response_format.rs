//! Content negotiation: JSON with optional indentation, and errors as RFC 9457 if the client accepts them.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, Quality, QualityItem};
use actix_web::mime::{self, Mime};

use super::query::QueryPairs;
use crate::platform::error::Problem;

/// Maximum number of media ranges of `Accept` that the server reads.
const MAX_RANGES: usize = 64;

const MAX_INDENT: usize = 8;

/// Format of the response that a client requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseFormat {
    /// Number of spaces per level, or `None` for compact JSON.
    pub indent: Option<usize>,
    /// True if the client accepts errors as `application/problem+json`.
    pub wants_problem_details: bool,
}

impl ResponseFormat {
    /// Reads `Accept` and `?format=`.
    ///
    /// Returns 406 if the client accepts none of the API's media types, and 404 for an unknown `format`, as DRF does.
    pub fn negotiate(request: &HttpRequest) -> Result<Self, Problem> {
        let headers = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
        let sent: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
        let sent: Vec<&str> = sent.into_iter().filter(|range| !range.is_empty()).take(MAX_RANGES).collect();
        let ranges: Vec<QualityItem<Mime>> = sent.iter().filter_map(|range| parse_range(range)).collect();
        // The handler of the OpenAPI document negotiates YAML itself.
        let is_schema = request.path().starts_with("/api/schema");
        // Exports are CSV. Their errors are JSON.
        let is_export = request.path().trim_end_matches('/').ends_with("/export");
        match QueryPairs::from_request(request).last("format") {
            Some("csv") if is_export => return Ok(Self::default()),
            None | Some("") if is_schema => return Ok(Self::default()),
            None | Some("") => {}
            Some("json") => return Ok(Self::best(&ranges).unwrap_or_default()),
            Some("yaml") if is_schema => return Ok(Self::default()),
            Some(_) => return Err(Problem::not_found()),
        }
        let accepts_csv = ranges.iter().any(|range| accepts(range, "text/csv"));
        if sent.is_empty() || (is_export && accepts_csv) {
            return Ok(Self::default());
        }
        Self::best(&ranges).ok_or_else(Problem::not_acceptable)
    }

    fn best(ranges: &[QualityItem<Mime>]) -> Option<Self> {
        let is_json = |range: &QualityItem<Mime>| range.item.essence_str() == "application/json";
        let excludes_json = ranges.iter().any(|range| is_json(range) && range.quality == Quality::ZERO);
        let wants_problem_details = ranges
            .iter()
            .any(|range| range.item.essence_str() == "application/problem+json" && range.quality > Quality::ZERO);
        // The more specific range wins, then the higher quality.
        let accepted = ranges.iter().filter(|range| accepts(range, "application/json"));
        let json = accepted.max_by_key(|range| (range.item.subtype() != mime::STAR, range.quality));
        match json.filter(|_| !excludes_json) {
            Some(json) => Some(Self { indent: indent(&json.item), wants_problem_details }),
            // A client that accepts only problem details gets JSON for a success.
            None => wants_problem_details.then_some(Self { indent: None, wants_problem_details }),
        }
    }
}

/// Parses a media range. A malformed quality such as `.2`, which old Java clients send, counts as 1.
fn parse_range(text: &str) -> Option<QualityItem<Mime>> {
    let without_parameters = || text.split(';').next()?.trim().parse().ok().map(QualityItem::max);
    text.parse().ok().or_else(without_parameters)
}

fn accepts(range: &QualityItem<Mime>, media_type: &str) -> bool {
    let accepted = range.item.essence_str();
    let is_family = accepted.strip_suffix('*').is_some_and(|family| media_type.starts_with(family));
    range.quality > Quality::ZERO && (accepted == media_type || accepted == "*/*" || is_family)
}

fn indent(range: &Mime) -> Option<usize> {
    range.get_param("indent")?.as_str().parse().ok().map(|indent: usize| indent.min(MAX_INDENT))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn negotiate(accept: &str, query: &str) -> Option<(Option<usize>, bool)> {
        let request = TestRequest::with_uri(&format!("/api/products/?{query}")).insert_header((ACCEPT, accept));
        ResponseFormat::negotiate(&request.to_http_request())
            .ok()
            .map(|found| (found.indent, found.wants_problem_details))
    }

    #[test]
    fn json_is_the_only_media_type() {
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "text/html, */*;q=0.1",
            "text/html,application/json",
            "*; q=.2, */*; q=.2",
        ] {
            assert_eq!(negotiate(accept, ""), Some((None, false)), "{accept}");
        }
        for accept in ["text/html", "application/xml;q=0.9, image/*", "application/json;q=0", "nonsense", "*/*;q=0"] {
            assert_eq!(negotiate(accept, ""), None, "{accept}");
        }
        assert_eq!(negotiate("text/html", "format=json"), Some((None, false)));
        assert_eq!(negotiate("*/*", "format=api"), None);
    }

    #[test]
    fn indentation_and_problem_details_are_negotiated() {
        assert_eq!(negotiate("application/json; indent=4", ""), Some((Some(4), false)));
        assert_eq!(negotiate("*/*, application/json; indent=99", ""), Some((Some(8), false)));
        assert_eq!(negotiate("application/problem+json", ""), Some((None, true)));
        assert_eq!(negotiate("application/json, application/problem+json", ""), Some((None, true)));
    }
}
