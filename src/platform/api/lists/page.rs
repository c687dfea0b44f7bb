//! Which page of a list is asked for, and the envelope that it comes in: by page number, by limit and offset, or by
//! cursor.

use std::num::IntErrorKind;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::cursor::Cursor;
use super::ordering::{Ordering, Sort};
use super::slice::{Count, Keyset, Slice, Window, position_sql};
use crate::platform::auth::MasterKey;
use crate::platform::error::Problem;
use crate::platform::http::QueryPairs;

const DEFAULT_SIZE: i64 = 20;
const MAX_SIZE: i64 = 1000;

/// The part of a list that a request asks for.
#[derive(Debug, Clone)]
pub struct Page {
    place: Place,
    size: i64,
    /// Without the query.
    url: String,
    query: QueryPairs,
    /// Names the list and its order, for cursors.
    purpose: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Number(i64),
    Last,
    Offset(i64),
    /// None: the first page.
    Keyset(Option<Cursor>),
}

/// For the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameters; Page reads them leniently")]
struct PageParams {
    /// A page number within the paginated result set, or `last`.
    page: Option<String>,
    /// Number of results to return per page, at most 1000.
    #[param(default = 20)]
    page_size: Option<i64>,
    /// In place of `page`: number of results to return, at most 1000.
    limit: Option<i64>,
    /// In place of `page`: how many results to leave out.
    offset: Option<i64>,
    /// In place of `page`: empty to begin, then as `next` and `previous` say. Such pages have no `count`, and are as
    /// quick far down as at the beginning.
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
        let place = if let Some(cursor) = last("cursor") {
            Place::Keyset(Self::open(cursor, key, &purpose)?)
        } else if last("page").is_none() && (last("limit").is_some() || last("offset").is_some()) {
            Place::Offset(last("offset").and_then(read_whole).filter(|offset| *offset >= 0).unwrap_or(0))
        } else {
            match last("page") {
                None | Some("") => Place::Number(1),
                Some("last") => Place::Last,
                // A number past the end of 64 bits is a page past the end of the list.
                Some(text) => Place::Number(text.parse().ok().filter(|n| *n >= 1).ok_or_else(Problem::invalid_page)?),
            }
        };
        Ok(Self { place, size, url, query, purpose })
    }

    fn open(text: &str, key: &MasterKey, purpose: &str) -> Result<Option<Cursor>, Problem> {
        if text.is_empty() {
            return Ok(None);
        }
        Cursor::open(text, key, purpose).map(Some).ok_or_else(Problem::invalid_cursor)
    }

    /// Keyset pages are as quick without.
    pub(in crate::platform::api) const fn wants_count(&self) -> bool {
        !matches!(self.place, Place::Keyset(_))
    }

    /// Which rows to read, once it is known how many there are; 404 for a page past the end.
    pub(in crate::platform::api) fn window<O: Ordering>(
        &self,
        count: Option<Count>,
        sort: &Sort<O>,
    ) -> Result<Window, Problem> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let window = |offset, limit| Window {
            limit,
            offset,
            keyset: None,
            order: sort.clause(false),
            positions: "array[]::text[]".to_owned(),
            is_backward: false,
            size,
        };
        match &self.place {
            Place::Keyset(cursor) => {
                let is_backward = cursor.as_ref().is_some_and(|cursor| cursor.is_backward);
                let position = cursor.as_ref().and_then(|cursor| cursor.position.clone());
                Ok(Window {
                    keyset: Some(Keyset::new(sort, position, is_backward)),
                    order: sort.clause(is_backward),
                    positions: position_sql(sort),
                    is_backward,
                    ..window(0, self.size + 1)
                })
            }
            Place::Offset(offset) => Ok(window(*offset, self.size)),
            Place::Number(_) | Place::Last => Ok(window(self.offset(count)?, self.size)),
        }
    }

    fn offset(&self, count: Option<Count>) -> Result<i64, Problem> {
        let total = count.map_or(0, Count::get);
        let number = self.number(total);
        let offset = (number - 1).checked_mul(self.size).ok_or_else(Problem::invalid_page)?;
        let is_past_the_end = matches!(count, Some(Count::Exact(_))) && number > 1 && offset >= total;
        if is_past_the_end { Err(Problem::invalid_page()) } else { Ok(offset) }
    }

    fn number(&self, count: i64) -> i64 {
        match self.place {
            Place::Number(number) => number,
            Place::Last => self.last_number(count),
            Place::Offset(_) | Place::Keyset(_) => 1,
        }
    }

    fn last_number(&self, count: i64) -> i64 {
        ((count + self.size - 1) / self.size).max(1)
    }

    /// An estimated count does not know where the list ends: an empty page does.
    pub(in crate::platform::api) fn ensure_there<T>(&self, slice: &Slice<T>) -> Result<(), Problem> {
        let is_numbered = matches!(self.place, Place::Number(2..));
        if is_numbered && slice.rows.is_empty() { Err(Problem::invalid_page()) } else { Ok(()) }
    }

    /// The envelope, with absolute links that keep the other parameters.
    pub(in crate::platform::api) fn envelope<T>(&self, key: &MasterKey, slice: Slice<T>) -> Paged<T> {
        let (next, previous) = match &self.place {
            Place::Keyset(cursor) => self.keyset_links(cursor.as_ref(), key, &slice),
            Place::Offset(offset) => self.offset_links(*offset, slice.count.map_or(0, Count::get)),
            Place::Number(_) | Place::Last => {
                let count = slice.count.map_or(0, Count::get);
                let number = self.number(count);
                let next = (number < self.last_number(count)).then(|| self.numbered_link(number + 1));
                (next, (number > 1).then(|| self.numbered_link(number - 1)))
            }
        };
        Paged { count: slice.count.map(Count::get), next, previous, results: slice.rows }
    }

    /// The link to page 1 names no page, as DRF's does not.
    fn numbered_link(&self, number: i64) -> String {
        let number = (number > 1).then(|| number.to_string());
        self.link(&["page"], number.as_deref().map(|number| ("page", number)))
    }

    /// As DRF writes them: `limit` always, `offset` unless it is 0.
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
        slice: &Slice<T>,
    ) -> (Option<String>, Option<String>) {
        let is_backward = cursor.is_some_and(|cursor| cursor.is_backward);
        // Where the cursor came from there is something, whatever was found beyond.
        let came_from_within = cursor.is_some_and(|cursor| cursor.position.is_some());
        let (has_next, has_previous) =
            if is_backward { (came_from_within, slice.goes_on) } else { (slice.goes_on, came_from_within) };
        let link = |position: Option<&Vec<String>>, is_backward: bool| {
            let cursor = Cursor { position: position.cloned(), is_backward }.seal(key, &self.purpose);
            self.link(&["cursor"], [("cursor", cursor.as_str())])
        };
        // Where all rows have gone meanwhile, the way back begins at the end of the list.
        let (first, last) = slice.ends.as_ref().map(|(first, last)| (first, last)).unzip();
        (has_next.then(|| link(last, false)), has_previous.then(|| link(first, true)))
    }

    fn link<'a>(&'a self, replaced: &[&str], by: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let kept = self.query.iter().filter(|(name, _)| !replaced.contains(name));
        let pairs: Vec<String> =
            kept.chain(by).map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        if pairs.is_empty() { self.url.clone() } else { format!("{}?{}", self.url, pairs.join("&")) }
    }
}

fn read_size(text: &str) -> Option<i64> {
    read_whole(text).filter(|size| *size >= 1).map(|size| size.min(MAX_SIZE))
}

/// A number past the end of 64 bits is a large one, not a wrong one.
fn read_whole(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(number) => Some(number),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(i64::MAX),
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
    /// How many there are in all; beyond 100,000 an estimate, marked by the header `X-Count: estimated`. Absent on
    /// pages by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<i64>,
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
    use super::super::ordering::SortColumn;
    use super::*;

    struct Things;

    impl Ordering for Things {
        const COLUMNS: &'static [SortColumn] = &[SortColumn::new("name", "things.name", "text")];
        const DEFAULT: &'static str = "name";
        const ID: SortColumn = SortColumn::new("id", "things.id", "uuid");
    }

    fn page(query: &str) -> Result<Page, Problem> {
        let (url, key) = ("http://shop/api/products/".to_owned(), MasterKey::new("one").unwrap());
        Page::read(QueryPairs::parse(query), url, &key, &Sort::<Things>::default())
    }

    fn links(query: &str, count: i64) -> (Option<String>, Option<String>) {
        let slice = Slice { count: Some(Count::Exact(count)), rows: vec![0; 10], ends: None, goes_on: false };
        let list = page(query).unwrap().envelope(&MasterKey::new("one").unwrap(), slice);
        (list.next, list.previous)
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
    fn limit_and_offset_are_linked_as_drf_does() {
        let (next, previous) = links("offset=10&limit=10&a=b", 35);
        assert_eq!(next.unwrap(), "http://shop/api/products/?a=b&limit=10&offset=20");
        assert_eq!(previous.unwrap(), "http://shop/api/products/?a=b&limit=10");
        assert_eq!(links("limit=50", 35), (None, None));
        assert_eq!(page("limit=x&offset=-4").unwrap().place, Place::Offset(0));
        assert_eq!(page("limit=x").unwrap().size, 20);
        assert_eq!(page("limit=0").unwrap().size, 20);
    }

    #[test]
    fn a_page_that_is_not_there_is_refused() {
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
    fn a_wrong_size_is_the_default_and_a_large_one_is_cut() {
        assert_eq!(page("page_size=0").unwrap().size, 20);
        assert_eq!(page("page_size=5000").unwrap().size, 1000);
        assert_eq!(page("page_size=99999999999999999999").unwrap().size, 1000);
    }
}
