//! `search=`: terms that must all match.

use serde_json::Value;
use utoipa::openapi::path::Parameter;

use super::lookups::{Lookup, LookupQuery, parameter};
use super::patterns::like_pattern;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// Maximum number of terms. Each one adds a condition to the query.
const MAX_TERMS: usize = 10;

/// Search terms, separated by spaces and commas. A quoted phrase is one term. All terms must match; terms beyond the
/// tenth are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// Returns an ILIKE pattern for each term.
    pub fn patterns(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|term| like_pattern(term))
    }

    fn new(search: &str) -> Self {
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
        terms.truncate(MAX_TERMS);
        Self(terms)
    }
}

impl FromJson for Search {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        Ok(Self::new(&text_from_json(value)?))
    }
}

impl Lookup for Search {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        query.one(name).unwrap_or_default()
    }

    fn parameters(name: &str, description: &str) -> Vec<Parameter> {
        vec![parameter::<String>(name, description)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_phrase_is_one_term() {
        assert_eq!(Search::new(r#"red, "tea pot"  mug"#).0, ["red", "tea pot", "mug"]);
        assert_eq!(Search::new("  ").0, Vec::<String>::new());
        assert_eq!(Search::new("\"open").0, ["open"]);
        assert_eq!(Search::new(&"a ".repeat(50)).0.len(), 10);
    }
}
