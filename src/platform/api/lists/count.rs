//! Number of rows of a query: exact up to a limit, estimated beyond it.

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Text};
use serde_json::Value;

use super::window::Count;

/// Largest exact count. Counting more rows would take too long.
const MAX_EXACT_COUNT: i64 = 100_000;

/// Counts the rows of `query`. Beyond 100,000 rows, returns the planner's estimate.
pub fn bounded_count<'q, Q>(conn: &mut PgConnection, query: impl Fn() -> Q) -> QueryResult<Count>
where
    Counted<Q>: LoadQuery<'q, PgConnection, i64>,
    Explained<Q>: LoadQuery<'q, PgConnection, String>,
{
    let counted: i64 = Counted(query()).get_result(conn)?;
    if counted <= MAX_EXACT_COUNT {
        return Ok(Count::Exact(counted));
    }
    let plan: String = Explained(query()).get_result(conn)?;
    Ok(Count::Estimated(estimate(&plan).unwrap_or(counted).max(counted)))
}

/// Returns the number of rows that the planner expects, from `EXPLAIN (FORMAT JSON)`.
fn estimate(plan: &str) -> Option<i64> {
    serde_json::from_str::<Value>(plan).ok()?.pointer("/0/Plan/Plan Rows")?.as_i64()
}

/// `select count(*)` of a query, limited to one row more than [`MAX_EXACT_COUNT`].
#[derive(Debug, Clone, Copy)]
pub struct Counted<Q>(Q);

impl<Q> QueryId for Counted<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Counted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("select count(*) from (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" limit ");
        out.push_sql(&(MAX_EXACT_COUNT + 1).to_string());
        out.push_sql(") as counted");
        Ok(())
    }
}

impl<Q: Query> Query for Counted<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<PgConnection> for Counted<Q> {}

/// `explain (format json)` of a query.
#[derive(Debug, Clone, Copy)]
pub struct Explained<Q>(Q);

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("explain (format json) ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<Q: Query> Query for Explained<Q> {
    type SqlType = Text;
}

impl<Q> RunQueryDsl<PgConnection> for Explained<Q> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimate_is_read_from_the_plan() {
        assert_eq!(estimate(r#"[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 123456}}]"#), Some(123_456));
        assert_eq!(estimate("[]"), None);
    }
}
