//! Page-number pagination: which page is asked for, and the envelope that lists come in.

use std::future::{Ready, ready};
use std::num::IntErrorKind;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::platform::error::Problem;

const DEFAULT_SIZE: i64 = 20;
const MAX_SIZE: i64 = 1000;

/// The page of a list that a request asks for.
#[derive(Debug, Clone)]
pub struct Page {
    number: Number,
    size: i64,
    url: String,
    query: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
enum Number {
    Of(i64),
    Last,
}

/// For the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameters; Page reads them leniently")]
struct PageParams {
    /// A page number within the paginated result set.
    #[param(minimum = 1)]
    page: Option<i64>,
    /// Number of results to return per page.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    page_size: Option<i64>,
}

impl IntoParams for Page {
    fn into_params(
        parameter_in: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        PageParams::into_params(parameter_in)
    }
}

impl FromRequest for Page {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        let query = query.map(web::Query::into_inner).unwrap_or_default();
        let connection = request.connection_info();
        let url = format!("{}://{}{}", connection.scheme(), connection.host(), request.path());
        ready(Self::parse(query, url))
    }
}

impl Page {
    fn parse(query: Vec<(String, String)>, url: String) -> Result<Self, Problem> {
        let last = |name: &str| query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.trim());
        let number = match last("page") {
            None | Some("") => Number::Of(1),
            Some("last") => Number::Last,
            // A number past the end of 64 bits is a page past the end of the list.
            Some(text) => Number::Of(text.parse().ok().filter(|n| *n >= 1).ok_or_else(Problem::invalid_page)?),
        };
        let size = last("page_size").and_then(read_size).filter(|size| *size >= 1);
        let size = size.unwrap_or(DEFAULT_SIZE).min(MAX_SIZE);
        Ok(Self { number, size, url, query })
    }

    pub const fn limit(&self) -> i64 {
        self.size
    }

    /// How many to leave out, once it is known how many there are; 404 for a page past the end.
    pub fn offset(&self, count: i64) -> Result<i64, Problem> {
        let number = self.number(count);
        let offset = (number - 1).checked_mul(self.size).ok_or_else(Problem::invalid_page)?;
        if number > 1 && offset >= count { Err(Problem::invalid_page()) } else { Ok(offset) }
    }

    fn number(&self, count: i64) -> i64 {
        match self.number {
            Number::Of(number) => number,
            Number::Last => self.last_number(count),
        }
    }

    fn last_number(&self, count: i64) -> i64 {
        ((count + self.size - 1) / self.size).max(1)
    }

    /// The envelope, with absolute links that keep the other parameters.
    pub fn envelope<T>(&self, count: i64, results: Vec<T>) -> Paged<T> {
        let number = self.number(count);
        let next = (number < self.last_number(count)).then(|| self.link(number + 1));
        let previous = (number > 1).then(|| self.link(number - 1));
        Paged { count, next, previous, results }
    }

    /// The link to page 1 names no page, as DRF's does not.
    fn link(&self, number: i64) -> String {
        let mut pairs: Vec<(String, String)> = self.query.iter().filter(|(name, _)| name != "page").cloned().collect();
        if number > 1 {
            pairs.push(("page".to_owned(), number.to_string()));
        }
        if pairs.is_empty() {
            return self.url.clone();
        }
        let query = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        format!("{}?{}", self.url, query.collect::<Vec<_>>().join("&"))
    }
}

/// A number past the end of 64 bits is a large size, not a wrong one.
fn read_size(text: &str) -> Option<i64> {
    match text.parse() {
        Ok(size) => Some(size),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(MAX_SIZE),
        Err(_) => None,
    }
}

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    /// How many there are in all.
    pub count: i64,
    /// Where the next page is.
    #[schema(format = "uri")]
    pub next: Option<String>,
    /// Where the page before is.
    #[schema(format = "uri")]
    pub previous: Option<String>,
    pub results: Vec<T>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &[(&str, &str)]) -> Result<Page, Problem> {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Page::parse(query, "http://shop/api/products/".to_owned())
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let page = page(&[("search", "tea & pot"), ("page", "2"), ("page_size", "10")]).unwrap();
        let list = page.envelope(35, vec![0; 10]);
        assert_eq!(list.next.unwrap(), "http://shop/api/products/?search=tea%20%26%20pot&page_size=10&page=3");
        assert_eq!(list.previous.unwrap(), "http://shop/api/products/?search=tea%20%26%20pot&page_size=10");
    }

    #[test]
    fn a_page_that_is_not_there_is_refused() {
        for number in ["0", "-1", "x", "1.5", "99999999999999999999"] {
            assert!(page(&[("page", number)]).is_err(), "{number}");
        }
        assert!(page(&[("page", "4")]).unwrap().offset(60).is_err());
        assert!(page(&[("page", "9223372036854775807")]).unwrap().offset(60).is_err());
        assert_eq!(page(&[("page", "3")]).unwrap().offset(60).unwrap(), 40);
        assert_eq!(page(&[("page", "last")]).unwrap().offset(61).unwrap(), 60);
        assert_eq!(page(&[]).unwrap().offset(0).unwrap(), 0);
    }

    #[test]
    fn a_wrong_size_is_the_default_and_a_large_one_is_cut() {
        assert_eq!(page(&[("page_size", "0")]).unwrap().limit(), 20);
        assert_eq!(page(&[("page_size", "5000")]).unwrap().limit(), 1000);
    }
}
