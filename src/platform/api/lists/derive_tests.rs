//! Tests of the `ListFilter` derive: the SQL and the parameters that it generates.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::{ChoiceLookups, DateTimeLookups, Ordering, RangeLookups, Search, TextLookups, filter_from_query};
use crate::platform::api::ListFilter;
use crate::platform::http::QueryPairs;
use crate::schema::jobs;

type JobQuery<'q> = jobs::BoxedQuery<'q, Pg>;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = jobs, query = JobQuery<'q>, id = id)]
#[list(order_by(
    created_at,
    "title" = jobs::name,
    "age" = sql("now() - created_at", "created_at - now()", "interval"),
    "size" = sql(SIZE, "integer"),
), default = "-created_at,title")]
struct TestFilter {
    #[list(lowercase)]
    name: TextLookups,
    #[list(key = "kind", column = queue)]
    category: ChoiceLookups<String>,
    attempts: RangeLookups<i32>,
    #[list(column = jobs::finished_at.assume_not_null())]
    finished_at: DateTimeLookups,
    /// Maximum number of attempts
    max_attempts: Option<i32>,
    #[list(search(name, queue))]
    search: Search,
    #[list(with = without_error)]
    is_clean: Option<bool>,
    #[list(skip)]
    #[expect(dead_code, reason = "a skipped field has no condition, so no code reads it")]
    ignored: Option<bool>,
}

const SIZE: &str = "length(payload::text)";

fn without_error<'q>(query: JobQuery<'q>, is_clean: &Option<bool>) -> JobQuery<'q> {
    if *is_clean == Some(true) { query.filter(jobs::last_error.is_null()) } else { query }
}

fn sql(query: &str) -> String {
    let filter = filter_from_query(&QueryPairs::parse(query), TestFilter::read).unwrap();
    let sql = diesel::debug_query::<Pg, _>(&filter.apply(jobs::table.into_boxed())).to_string();
    sql.split_once(" WHERE ").map_or_else(String::new, |(_, conditions)| conditions.to_owned())
}

#[test]
fn each_filter_becomes_a_condition_of_its_column() {
    let without_conditions = sql("");
    assert!(without_conditions.is_empty(), "{without_conditions}");
    for (query, expected) in [
        ("name=ABC", "(\"jobs\".\"name\" = $1) -- binds: [\"abc\"]"),
        ("kind=a&kind=b", "(\"jobs\".\"queue\" = ANY($1)) -- binds: [[\"a\", \"b\"]]"),
        ("attempts__gte=2", "(\"jobs\".\"attempts\" >= $1) -- binds: [2]"),
        ("finished_at__isnull=true", "(\"jobs\".\"finished_at\" IS NULL) -- binds: []"),
        ("max_attempts=5", "(\"jobs\".\"max_attempts\" = $1) -- binds: [5]"),
        ("is_clean=true", "(\"jobs\".\"last_error\" IS NULL) -- binds: []"),
        ("ignored=true", ""),
    ] {
        assert_eq!(sql(query), expected, "{query}");
    }
    let found = sql("search=mail");
    assert!(
        found.contains("\"name\" ILIKE $1") && found.contains(" OR ") && found.contains("\"queue\" ILIKE $2"),
        "{found}"
    );
}

#[test]
fn parameters_have_keys_and_descriptions() {
    let parameters = <TestFilter as utoipa::IntoParams>::into_params(|| None);
    let found = |name: &str| parameters.iter().find(|parameter| parameter.name == name);
    assert!(found("kind__in").is_some() && found("category").is_none());
    assert_eq!(found("max_attempts").and_then(|it| it.description.as_deref()), Some("Maximum number of attempts"));
}

#[test]
fn orderings_have_columns_and_types() {
    let columns: Vec<_> = TestFilter::COLUMNS.iter().map(|by| (by.name, by.sql, by.sql_type)).collect();
    assert_eq!(
        columns,
        [
            ("created_at", "jobs.created_at", "timestamptz"),
            ("title", "jobs.name", "text"),
            ("age", "now() - created_at", "interval"),
            ("size", SIZE, "integer"),
        ]
    );
    assert_eq!(TestFilter::COLUMNS[2].sql_descending, Some("created_at - now()"));
    assert_eq!((TestFilter::DEFAULT, TestFilter::ID.sql), ("-created_at,title", "jobs.id"));
}
