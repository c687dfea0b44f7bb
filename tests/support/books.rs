//! Looking into the books of a shop: do they add up, and has anything changed?

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::TestShop;
use super::contradictions::CONTRADICTIONS;

/// All that an order leaves behind, and all that it must not leave when it is refused.
const BOOKS: [&str; 10] = [
    "orders",
    "order_lines",
    "order_history",
    "stock_allocations",
    "stock_movements",
    "fulfillments",
    "returns",
    "payments",
    "events",
    "jobs",
];

impl TestShop {
    /// Fails where stock, allocations, ledger, orders and history do not tell the same story.
    #[track_caller]
    pub fn assert_books_balance(&self) {
        for (what, query) in CONTRADICTIONS {
            assert_eq!(self.number(query), 0, "{what}");
        }
    }

    /// How many rows each book has, and the sum of all levels: the same before and after what was refused.
    pub fn books(&self) -> Vec<i64> {
        let mut counts: Vec<i64> =
            BOOKS.iter().map(|table| self.number(&format!("select count(*) from {table}"))).collect();
        counts.push(self.number("select coalesce(sum(quantity), 0) from stocks"));
        counts.push(self.number("select coalesce(sum(allocated), 0) from stocks"));
        counts
    }

    /// Every row of every table, as text: to look for what should not be anywhere.
    pub fn everything(&self) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        const QUERY: &str = "select string_agg(format('select %L || t::text as text from public.%I t', tablename || ' ', \
                             tablename), ' union all ') as text from pg_tables where schemaname = 'public'";
        let rows: Vec<Row> = self.sql(|conn| {
            let query: Row = diesel::sql_query(QUERY).get_result(conn)?;
            diesel::sql_query(query.text).load(conn)
        });
        rows.into_iter().map(|row| row.text + "\n").collect()
    }

    /// Until somebody waits for a lock that another holds.
    pub async fn until_somebody_waits(&self) {
        let waiting = "select count(*) from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        while self.number(waiting) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
