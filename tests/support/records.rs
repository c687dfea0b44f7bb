//! Consistency checks and comparisons of a shop's records.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::TestShop;
use super::invariants::INVARIANT_VIOLATIONS;

/// Tables that an order writes, and that a rejected order must not change.
const RECORD_TABLES: [&str; 10] = [
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
    /// Checks that stock, allocations, ledger, orders and history are consistent.
    #[track_caller]
    pub fn assert_records_are_consistent(&self) {
        for (violation, query) in INVARIANT_VIOLATIONS {
            assert_eq!(self.number(query), 0, "{violation}");
        }
    }

    /// Returns the number of rows of each table, and the sums of all stock levels. A rejected request changes neither.
    pub fn record_counts(&self) -> Vec<i64> {
        let mut counts: Vec<i64> =
            RECORD_TABLES.iter().map(|table| self.number(&format!("select count(*) from {table}"))).collect();
        counts.push(self.number("select coalesce(sum(quantity), 0) from stocks"));
        counts.push(self.number("select coalesce(sum(allocated), 0) from stocks"));
        counts
    }

    /// Returns every row of every table as text, to search for data that must not be stored.
    pub fn dump_all_rows(&self) -> String {
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

    /// Waits until a statement waits for a lock.
    pub async fn wait_for_blocked_statement(&self) {
        let waiting = "select count(*) from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        while self.number(waiting) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
