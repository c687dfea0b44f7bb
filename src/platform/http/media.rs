//! Content negotiation: JSON, indented or not, and errors as RFC 9457 for those who ask.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use super::query::QueryPairs;
use crate::platform::error::Problem;

/// Longer lists and names are cut off, as DRF does: nobody needs them.
const MOST_RANGES: usize = 64;
const MOST_RANGE_BYTES: usize = 256;

const MOST_INDENT: usize = 8;

/// What the client wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Negotiated {
    /// Spaces for each level.
    pub indent: Option<usize>,
    /// Errors as `application/problem+json`.
    pub wants_problems: bool,
}

impl Negotiated {
    /// 406 where nothing that we write is acceptable; 404 for a `?format=` that we do not have, as DRF says it.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let accept: Vec<&str> = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).collect();
        let ranges: Vec<Range<'_>> =
            accept.iter().flat_map(|value| value.split(',')).take(MOST_RANGES).filter_map(Range::parse).collect();
        // The document of the API comes in more forms, which it knows itself.
        let is_schema = request.path().starts_with("/api/schema");
        // Exports are tables; what is wrong with them is told in JSON.
        let is_export = request.path().trim_end_matches('/').ends_with("/export");
        match QueryPairs::of(request).last("format") {
            Some("csv") if is_export => return Ok(Self::default()),
            None | Some("") if is_schema => return Ok(Self::default()),
            None | Some("") => {}
            Some("json") => return Ok(Self::best(&ranges).unwrap_or_default()),
            Some("yaml") if is_schema => return Ok(Self::default()),
            Some(_) => return Err(Problem::not_found()),
        }
        let is_table = is_export && ranges.iter().any(|range| range.quality > 0.0 && range.covers("text/csv"));
        if ranges.is_empty() || is_table {
            return Ok(Self::default());
        }
        Self::best(&ranges).ok_or_else(Problem::not_acceptable)
    }

    fn best(ranges: &[Range<'_>]) -> Option<Self> {
        let accepted =
            |kind: &'static str| ranges.iter().filter(move |range| range.quality > 0.0 && range.covers(kind));
        let is_refused = ranges.iter().any(|range| range.essence == "application/json" && range.quality == 0.0);
        let wants_problems =
            ranges.iter().any(|range| range.essence == "application/problem+json" && range.quality > 0.0);
        let json = accepted("application/json").max_by(|one, other| one.rank().total_cmp(&other.rank()));
        match json.filter(|_| !is_refused) {
            Some(json) => Some(Self { indent: json.indent, wants_problems }),
            // Whoever wants problems as such takes JSON where there is none.
            None => wants_problems.then_some(Self { indent: None, wants_problems }),
        }
    }
}

/// One range of an `Accept` header.
#[derive(Debug)]
struct Range<'a> {
    essence: &'a str,
    quality: f32,
    indent: Option<usize>,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > MOST_RANGE_BYTES {
            return None;
        }
        let mut parts = text.split(';').map(str::trim);
        let mut range = Self { essence: parts.next()?, quality: 1.0, indent: None };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim() {
                "q" => range.quality = value.trim().parse().unwrap_or(0.0),
                "indent" => range.indent = value.trim().parse().ok().map(|indent: usize| indent.min(MOST_INDENT)),
                _ => {}
            }
        }
        Some(range)
    }

    fn covers(&self, kind: &str) -> bool {
        let family = kind.split('/').next().unwrap_or_default();
        self.essence == kind || self.essence == "*/*" || self.essence.strip_suffix("/*") == Some(family)
    }

    /// The more exact one counts, then the more wanted.
    fn rank(&self) -> f32 {
        let exactness = if self.essence.ends_with('*') { 0.0 } else { 10.0 };
        exactness + self.quality
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(accept: &str, query: &str) -> Option<(Option<usize>, bool)> {
        let request = TestRequest::with_uri(&format!("/api/products/?{query}")).insert_header((ACCEPT, accept));
        Negotiated::of(&request.to_http_request()).ok().map(|found| (found.indent, found.wants_problems))
    }

    #[test]
    fn json_is_what_there_is() {
        for accept in
            ["", "*/*", "application/*", "application/json", "text/html, */*;q=0.1", "text/html,application/json"]
        {
            assert_eq!(of(accept, ""), Some((None, false)), "{accept}");
        }
        for accept in ["text/html", "application/xml;q=0.9, image/*", "application/json;q=0", "nonsense", "*/*;q=0"] {
            assert_eq!(of(accept, ""), None, "{accept}");
        }
        assert_eq!(of("text/html", "format=json"), Some((None, false)));
        assert_eq!(of("*/*", "format=api"), None);
    }

    #[test]
    fn indents_and_problems_are_asked_for() {
        assert_eq!(of("application/json; indent=4", ""), Some((Some(4), false)));
        assert_eq!(of("*/*, application/json; indent=99", ""), Some((Some(8), false)));
        assert_eq!(of("application/problem+json", ""), Some((None, true)));
        assert_eq!(of("application/json, application/problem+json", ""), Some((None, true)));
    }
}
