//! Consistency of the records after the benchmark.

use anyhow::Result;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, RunQueryDsl};

use super::invariants::INVARIANT_VIOLATIONS;
use super::pgbench::Script;
use super::shop::BenchShop;

const OVERSOLD: (&str, &str) =
    ("oversold stock levels", "select count(*) from stocks where allocated > quantity + backorder_limit");

/// State of the records before the benchmark.
pub struct OrderRecords {
    orders: i64,
}

impl OrderRecords {
    pub fn open(shop: &BenchShop) -> Result<Self> {
        Ok(Self { orders: number(&mut shop.connection()?, "select count(*) from orders")? })
    }

    /// Returns the inconsistencies after `placed` orders.
    pub fn problems(&self, shop: &BenchShop, placed: u64) -> Result<Vec<String>> {
        let mut problems = violations(&mut shop.connection()?, "shop")?;
        let stored = number(&mut shop.connection()?, "select count(*) from orders")? - self.orders;
        if u64::try_from(stored) != Ok(placed) {
            problems.push(format!("{placed} requests returned 201, but {stored} orders are stored"));
        }
        // The script must have the same effects as the server.
        let mut copy = PgConnection::establish(&shop.postgres.url_for(Script::Order.name()))?;
        problems.extend(violations(&mut copy, "order.sql")?);
        Ok(problems)
    }
}

fn violations(conn: &mut PgConnection, source: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (violation, query) in INVARIANT_VIOLATIONS.into_iter().chain([OVERSOLD]) {
        let count = number(conn, query)?;
        if count > 0 {
            found.push(format!("{source}: {count} {violation}"));
        }
    }
    Ok(found)
}

fn number(conn: &mut PgConnection, query: &str) -> Result<i64> {
    Ok(diesel::select(sql::<BigInt>(&format!("({query})"))).get_result(conn)?)
}
