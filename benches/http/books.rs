//! Whether all that was sold is there, once, and no more than that.

use anyhow::Result;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, RunQueryDsl};

use super::contradictions::CONTRADICTIONS;
use super::pgbench::Script;
use super::shop::Shop;

const OVERSOLD: (&str, &str) =
    ("levels that are oversold", "select count(*) from stocks where allocated > quantity + backorder_limit");

/// The books as they were opened.
pub struct Books {
    orders: i64,
}

impl Books {
    pub fn open(shop: &Shop) -> Result<Self> {
        Ok(Self { orders: number(&mut shop.connection()?, "select count(*) from orders")? })
    }

    /// What is wrong with them, after so many orders were answered with 201.
    pub fn complaints(&self, shop: &Shop, placed: u64) -> Result<Vec<String>> {
        let mut complaints = contradictions(&mut shop.connection()?, "shop")?;
        let written = number(&mut shop.connection()?, "select count(*) from orders")? - self.orders;
        if u64::try_from(written) != Ok(placed) {
            complaints.push(format!("{placed} orders were answered with 201, {written} are there"));
        }
        // The script is to do what the server does.
        let mut copy = PgConnection::establish(&shop.postgres.url_for(Script::Order.name()))?;
        complaints.extend(contradictions(&mut copy, "order.sql")?);
        Ok(complaints)
    }
}

fn contradictions(conn: &mut PgConnection, whose: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (what, query) in CONTRADICTIONS.into_iter().chain([OVERSOLD]) {
        let count = number(conn, query)?;
        if count > 0 {
            found.push(format!("{whose}: {count} {what}"));
        }
    }
    Ok(found)
}

fn number(conn: &mut PgConnection, query: &str) -> Result<i64> {
    Ok(diesel::select(sql::<BigInt>(&format!("({query})"))).get_result(conn)?)
}
