//! Query string of a URL, like Django's `QueryDict`: a name can occur several times.

use actix_web::{HttpRequest, web};

/// Names and values of a query string, in their order.
#[derive(Debug, Clone, Default)]
pub struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    /// Returns the query of a request. A query that cannot be decoded counts as empty.
    pub fn from_request(request: &HttpRequest) -> Self {
        Self::parse(request.query_string())
    }

    pub fn parse(query: &str) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map(web::Query::into_inner);
        Self(pairs.unwrap_or_default())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the last value of `name`.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns all values of `name` and of `name[]`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let matches = move |known: &str| known.strip_suffix("[]").unwrap_or(known) == name;
        self.0.iter().filter(move |(known, _)| matches(known)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_returns_the_last_value_or_all_values() {
        let query = QueryPairs::parse("a=1&b=2&a=3&a[]=4&c=%FF");
        assert_eq!(query.last("a"), Some("3"));
        assert_eq!(query.last("d"), None);
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "3", "4"]);
    }
}
