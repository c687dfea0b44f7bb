//! Paging of lists (by page number, by limit and offset, or by cursor) and the envelope of a page.

use std::num::IntErrorKind;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::cursor::Cursor;
use super::ordering::{Ordering, Sort};
use super::window::{Count, Keyset, PageRows, RowWindow, position_sql};
use crate::platform::auth::MasterKey;
use crate::platform::error::Problem;
use crate::platform::http::QueryPairs;

const DEFAULT_SIZE: i64 = 20;
const MAX_SIZE: i64 = 1000;

/// The page of a list that a request selects.
#[derive(Debug, Clone)]
pub struct Page {
    position: PagePosition,
    size: i64,
    /// Absolute URL without the query.
    url: String,
    query: QueryPairs,
    /// Name of the list and its ordering, for the signature of cursors.
    purpose: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PagePosition {
    Number(i64),
    Last,
    Offset(i64),
    /// None selects the first page.
    Keyset(Option<Cursor>),
}

/// Parameters for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameters; Page reads them leniently")]
struct PageParams {
    /// A page number within the paginated result set, or `last`.
    page: Option<String>,
    /// Number of results to return per page, at most 1000.
    #[param(default = 20)]
    page_size: Option<i64>,
    /// Number of results to return, at most 1000. Use it with `offset` instead of `page`.
    limit: Option<i64>,
    /// Number of results to skip.
    offset: Option<i64>,
    /// Cursor of the page: empty for the first page, afterwards from `next` and `previous`. Use it instead of `page`
    /// for long lists: every page loads equally fast. Such pages have no `count`.
    cursor: Option<String>,
}

impl IntoParams for Page {
    fn into_params(
        parameter_in: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        PageParams::into_params(parameter_in)
    }
}

impl Page {
    pub(in crate::platform::api) fn read<O: Ordering>(
        query: QueryPairs,
        url: String,
        key: &MasterKey,
        sort: &Sort<O>,
    ) -> Result<Self, Problem> {
        let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|start| rest.get(start..)));
        let purpose = format!("{}:{}", path.unwrap_or_default(), sort.name());
        let last = |name: &str| query.last(name).map(str::trim);
        let size_name = if last("limit").is_some() && last("page_size").is_none() { "limit" } else { "page_size" };
        let size = last(size_name).and_then(read_size).unwrap_or(DEFAULT_SIZE);
        let position = if let Some(cursor) = last("cursor") {
            PagePosition::Keyset(Self::decode_cursor(cursor, key, &purpose)?)
        } else if last("page").is_none() && (last("limit").is_some() || last("offset").is_some()) {
            PagePosition::Offset(last("offset").and_then(read_whole).filter(|offset| *offset >= 0).unwrap_or(0))
        } else {
            match last("page") {
                None | Some("") => PagePosition::Number(1),
                Some("last") => PagePosition::Last,
                // A number beyond 64 bits is a page after the last one.
                Some(text) => {
                    PagePosition::Number(text.parse().ok().filter(|n| *n >= 1).ok_or_else(Problem::invalid_page)?)
                }
            }
        };
        Ok(Self { position, size, url, query, purpose })
    }

    fn decode_cursor(text: &str, key: &MasterKey, purpose: &str) -> Result<Option<Cursor>, Problem> {
        if text.is_empty() {
            return Ok(None);
        }
        Cursor::decode(text, key, purpose).map(Some).ok_or_else(Problem::invalid_cursor)
    }

    /// Returns true if the page needs the number of rows. Keyset pages do not.
    pub(in crate::platform::api) const fn wants_count(&self) -> bool {
        !matches!(self.position, PagePosition::Keyset(_))
    }

    /// Returns the rows to load from a list with `count` rows, or 404 for a page after the last one.
    pub(in crate::platform::api) fn window<O: Ordering>(
        &self,
        count: Option<Count>,
        sort: &Sort<O>,
    ) -> Result<RowWindow, Problem> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let window = |offset, limit| RowWindow {
            limit,
            offset,
            keyset: None,
            order: sort.clause(false),
            positions: "array[]::text[]".to_owned(),
            is_backward: false,
            size,
        };
        match &self.position {
            PagePosition::Keyset(cursor) => {
                let is_backward = cursor.as_ref().is_some_and(|cursor| cursor.is_backward);
                let position = cursor.as_ref().and_then(|cursor| cursor.position.clone());
                Ok(RowWindow {
                    keyset: Some(Keyset::new(sort, position, is_backward)),
                    order: sort.clause(is_backward),
                    positions: position_sql(sort),
                    is_backward,
                    ..window(0, self.size + 1)
                })
            }
            PagePosition::Offset(offset) => Ok(window(*offset, self.size)),
            PagePosition::Number(_) | PagePosition::Last => Ok(window(self.offset(count)?, self.size)),
        }
    }

    fn offset(&self, count: Option<Count>) -> Result<i64, Problem> {
        let total = count.map_or(0, Count::get);
        let number = self.number(total);
        let offset = (number - 1).checked_mul(self.size).ok_or_else(Problem::invalid_page)?;
        let is_after_last = matches!(count, Some(Count::Exact(_))) && number > 1 && offset >= total;
        if is_after_last { Err(Problem::invalid_page()) } else { Ok(offset) }
    }

    fn number(&self, count: i64) -> i64 {
        match self.position {
            PagePosition::Number(number) => number,
            PagePosition::Last => self.last_number(count),
            PagePosition::Offset(_) | PagePosition::Keyset(_) => 1,
        }
    }

    fn last_number(&self, count: i64) -> i64 {
        ((count + self.size - 1) / self.size).max(1)
    }

    /// Returns 404 for an empty page after the first. With an estimated count, only the query reveals the last page.
    pub(in crate::platform::api) fn ensure_exists<T>(&self, rows: &PageRows<T>) -> Result<(), Problem> {
        let is_numbered = matches!(self.position, PagePosition::Number(2..));
        if is_numbered && rows.rows.is_empty() { Err(Problem::invalid_page()) } else { Ok(()) }
    }

    /// Returns the envelope, with absolute links that keep the other query parameters.
    pub(in crate::platform::api) fn envelope<T>(&self, key: &MasterKey, page: PageRows<T>) -> Paged<T> {
        let (next, previous) = match &self.position {
            PagePosition::Keyset(cursor) => self.keyset_links(cursor.as_ref(), key, &page),
            PagePosition::Offset(offset) => self.offset_links(*offset, page.count.map_or(0, Count::get)),
            PagePosition::Number(_) | PagePosition::Last => {
                let count = page.count.map_or(0, Count::get);
                let number = self.number(count);
                let next = (number < self.last_number(count)).then(|| self.numbered_link(number + 1));
                (next, (number > 1).then(|| self.numbered_link(number - 1)))
            }
        };
        Paged { count: page.count.map(Count::get), next, previous, results: page.rows }
    }

    /// Returns the link to a page number. As in DRF, the link to page 1 has no `page` parameter.
    fn numbered_link(&self, number: i64) -> String {
        let number = (number > 1).then(|| number.to_string());
        self.link(&["page"], number.as_deref().map(|number| ("page", number)))
    }

    /// Returns the links in the format of DRF: always with `limit`, with `offset` unless it is 0.
    fn offset_links(&self, offset: i64, count: i64) -> (Option<String>, Option<String>) {
        let size = self.size.to_string();
        let link = |offset: i64| {
            let offset = (offset > 0).then(|| offset.to_string());
            self.link(
                &["limit", "offset"],
                [("limit", size.as_str())].into_iter().chain(offset.as_deref().map(|offset| ("offset", offset))),
            )
        };
        let next = offset.saturating_add(self.size);
        ((next < count).then(|| link(next)), (offset > 0).then(|| link((offset - self.size).max(0))))
    }

    fn keyset_links<T>(
        &self,
        cursor: Option<&Cursor>,
        key: &MasterKey,
        page: &PageRows<T>,
    ) -> (Option<String>, Option<String>) {
        let is_backward = cursor.is_some_and(|cursor| cursor.is_backward);
        // A cursor with a position comes from an adjacent page, so rows exist in that direction.
        let has_position = cursor.is_some_and(|cursor| cursor.position.is_some());
        let (has_next, has_previous) =
            if is_backward { (has_position, page.has_more) } else { (page.has_more, has_position) };
        let link = |position: Option<&Vec<String>>, is_backward: bool| {
            let cursor = Cursor { position: position.cloned(), is_backward }.encode(key, &self.purpose);
            self.link(&["cursor"], [("cursor", cursor.as_str())])
        };
        // If the page has become empty, the link back starts at the end of the list.
        let (first, last) = page.boundaries.as_ref().map(|(first, last)| (first, last)).unzip();
        (has_next.then(|| link(last, false)), has_previous.then(|| link(first, true)))
    }

    fn link<'a>(&'a self, replaced: &[&str], replacements: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let unchanged = self.query.iter().filter(|(name, _)| !replaced.contains(name));
        let pairs: Vec<String> =
            unchanged.chain(replacements).map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        if pairs.is_empty() { self.url.clone() } else { format!("{}?{}", self.url, pairs.join("&")) }
    }
}

fn read_size(text: &str) -> Option<i64> {
    read_whole(text).filter(|size| *size >= 1).map(|size| size.min(MAX_SIZE))
}

/// Reads a whole number. A number beyond 64 bits is the largest one.
fn read_whole(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(number) => Some(number),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(i64::MAX),
        Err(_) => None,
    }
}

/// All characters except the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    /// Number of results in the whole list. Above 100,000, the number is an estimate and the response has the header
    /// `X-Count: estimated`. Absent from pages by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<i64>,
    /// URL of the next page.
    #[schema(format = "uri", example = json!(null))]
    pub next: Option<String>,
    /// URL of the previous page.
    #[schema(format = "uri", example = json!(null))]
    pub previous: Option<String>,
    pub results: Vec<T>,
}

#[cfg(test)]
mod tests {
    use super::super::ordering::SortColumn;
    use super::*;

    struct ProductOrdering;

    impl Ordering for ProductOrdering {
        const COLUMNS: &'static [SortColumn] = &[SortColumn::new("name", "products.name", "text")];
        const DEFAULT: &'static str = "name";
        const ID: SortColumn = SortColumn::new("id", "products.id", "uuid");
    }

    fn page(query: &str) -> Result<Page, Problem> {
        let (url, key) = ("http://shop/api/products/".to_owned(), MasterKey::new("one").unwrap());
        Page::read(QueryPairs::parse(query), url, &key, &Sort::<ProductOrdering>::default())
    }

    fn links(query: &str, count: i64) -> (Option<String>, Option<String>) {
        let rows = PageRows { count: Some(Count::Exact(count)), rows: vec![0; 10], boundaries: None, has_more: false };
        let paged = page(query).unwrap().envelope(&MasterKey::new("one").unwrap(), rows);
        (paged.next, paged.previous)
    }

    fn offset(query: &str, count: i64) -> Result<i64, Problem> {
        page(query).unwrap().offset(Some(Count::Exact(count)))
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let (next, previous) = links("search=tea+%26%20pot&page=2&page_size=10", 35);
        assert_eq!(next.unwrap(), "http://shop/api/products/?search=tea%20%26%20pot&page_size=10&page=3");
        assert_eq!(previous.unwrap(), "http://shop/api/products/?search=tea%20%26%20pot&page_size=10");
    }

    #[test]
    fn limit_and_offset_links_have_the_format_of_drf() {
        let (next, previous) = links("offset=10&limit=10&a=b", 35);
        assert_eq!(next.unwrap(), "http://shop/api/products/?a=b&limit=10&offset=20");
        assert_eq!(previous.unwrap(), "http://shop/api/products/?a=b&limit=10");
        assert_eq!(links("limit=50", 35), (None, None));
        assert_eq!(page("limit=x&offset=-4").unwrap().position, PagePosition::Offset(0));
        assert_eq!(page("limit=x").unwrap().size, 20);
        assert_eq!(page("limit=0").unwrap().size, 20);
    }

    #[test]
    fn page_that_does_not_exist_is_rejected() {
        for number in ["0", "-1", "x", "1.5", "99999999999999999999"] {
            assert!(page(&format!("page={number}")).is_err(), "{number}");
        }
        assert!(offset("page=4", 60).is_err());
        assert!(offset("page=9223372036854775807", 60).is_err());
        assert_eq!(offset("page=3", 60).unwrap(), 40);
        assert_eq!(offset("page=last", 61).unwrap(), 60);
        assert_eq!(offset("", 0).unwrap(), 0);
    }

    #[test]
    fn invalid_size_is_the_default_and_large_size_is_the_maximum() {
        assert_eq!(page("page_size=0").unwrap().size, 20);
        assert_eq!(page("page_size=5000").unwrap().size, 1000);
        assert_eq!(page("page_size=99999999999999999999").unwrap().size, 1000);
    }
}
