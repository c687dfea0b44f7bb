//! Filters of lists, read from the query as django-filter reads them.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::{Map, Value};

use super::body::{FromObject, Members};
use crate::platform::error::{ErrorTree, Problem};

/// The filters `T` of a list: unknown parameters are ignored, empty ones do not filter, wrong ones are 400.
#[derive(Debug)]
pub struct Filters<T>(pub T);

impl<T: FromObject> FromRequest for Filters<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self).map_err(Problem::invalid))
    }
}

fn read<T: FromObject>(query: &str) -> Result<T, ErrorTree> {
    // Repeated keys: the last one counts, as in Django's QueryDict.
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map(web::Query::into_inner).unwrap_or_default();
    let values: Map<String, Value> = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key, Value::String(value)))
        .collect();
    let mut members = Members::new(values);
    let filters = T::from_object(&mut members);
    members.finish(filters)
}

/// Defines the filters of a list: optional fields, each under its name in the query.
macro_rules! filter {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$doc:meta])* $key:literal => pub $field:ident : $type:ty ),* $(,)? }
    ) => {
        #[derive(Debug, Clone, Default, utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        $(#[$meta])*
        pub struct $name { $( $(#[$doc])* #[param(rename = $key)] pub $field: Option<$type> ),* }

        impl $crate::platform::http::FromObject for $name {
            fn from_object(members: &mut $crate::platform::http::Members) -> Option<Self> {
                $( let $field = members.take($key); )*
                Some(Self { $( $field: $field? ),* })
            }
        }
    };
}

pub(crate) use filter;

/// Nobody looks for more words at once; each costs a condition of the query.
const MOST_TERMS: usize = 10;

/// The first ten terms of `search=`: split at spaces and commas, a quoted phrase stays whole. All must match.
pub fn search_terms(search: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut quote: Option<char> = None;
    for c in search.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => term.push(c),
            None if matches!(c, '"' | '\'') && term.is_empty() => quote = Some(c),
            None if c.is_whitespace() || c == ',' => terms.push(std::mem::take(&mut term)),
            None => term.push(c),
        }
    }
    terms.push(term);
    terms.retain(|term| !term.is_empty());
    terms.truncate(MOST_TERMS);
    terms
}

/// `%term%` for ILIKE, with the pattern's own signs taken literally.
pub fn like_pattern(term: &str) -> String {
    let mut pattern = String::with_capacity(term.len() + 2);
    pattern.push('%');
    for c in term.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_phrase_is_one_term() {
        assert_eq!(search_terms(r#"red, "tea pot"  mug"#), ["red", "tea pot", "mug"]);
        assert_eq!(search_terms("  "), Vec::<String>::new());
        assert_eq!(search_terms("\"open"), ["open"]);
    }

    #[test]
    fn signs_of_the_pattern_are_literal() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
