//! How many rows a query has: exactly up to a point, estimated beyond it.

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Text};
use serde_json::Value;

use super::slice::Count;

/// Counting further costs more than the number is worth.
const MOST_COUNTED: i64 = 100_000;

/// Counts the rows of `query`; more than 100,000 are estimated by the planner.
pub fn bounded_count<'q, Q>(conn: &mut PgConnection, query: impl Fn() -> Q) -> QueryResult<Count>
where
    Counted<Q>: LoadQuery<'q, PgConnection, i64>,
    Explained<Q>: LoadQuery<'q, PgConnection, String>,
{
    let counted: i64 = Counted(query()).get_result(conn)?;
    if counted <= MOST_COUNTED {
        return Ok(Count::Exact(counted));
    }
    let plan: String = Explained(query()).get_result(conn)?;
    Ok(Count::Estimated(estimate(&plan).unwrap_or(counted).max(counted)))
}

/// The rows that the planner expects, from `EXPLAIN (FORMAT JSON)`.
fn estimate(plan: &str) -> Option<i64> {
    serde_json::from_str::<Value>(plan).ok()?.pointer("/0/Plan/Plan Rows")?.as_i64()
}

/// `select count(*)` of a query, up to one more than is counted.
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
        out.push_sql(&(MOST_COUNTED + 1).to_string());
        out.push_sql(") as counted");
        Ok(())
    }
}

impl<Q: Query> Query for Counted<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<PgConnection> for Counted<Q> {}

/// The plan of a query, as JSON.
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
    fn the_planners_number_is_found_in_its_plan() {
        assert_eq!(estimate(r#"[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 123456}}]"#), Some(123_456));
        assert_eq!(estimate("[]"), None);
    }
}
