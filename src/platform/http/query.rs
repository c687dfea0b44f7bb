//! The query of a URL, as Django's `QueryDict` sees it: names may stand more than once.

use actix_web::{HttpRequest, web};

/// Names and values in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    /// What cannot be decoded counts as nothing.
    pub fn of(request: &HttpRequest) -> Self {
        Self::parse(request.query_string())
    }

    pub fn parse(query: &str) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map(web::Query::into_inner);
        Self(pairs.unwrap_or_default())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Of several values, the last one counts.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of `name` and of `name[]`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_meant = move |known: &str| known.strip_suffix("[]").unwrap_or(known) == name;
        self.0.iter().filter(move |(known, _)| is_meant(known)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_values_counts_and_all_can_be_had() {
        let query = QueryPairs::parse("a=1&b=2&a=3&a[]=4&c=%FF");
        assert_eq!(query.last("a"), Some("3"));
        assert_eq!(query.last("d"), None);
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "3", "4"]);
    }
}
