//! A database per test and helper functions that run imports on it.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::Result;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use mercer::cli::import::orders::OrdersCommand;
use mercer::cli::import::{
    CategoriesCommand, FileOptions, ImportCommand, ImportReport, ImportSummary, Input, OrderCounts, ProductsCommand,
    Progress, run_on,
};
use mercer::platform::auth::MasterKey;
use mercer::platform::clock::Clock;
use mercer::platform::db::{DatabaseTimeouts, Db, PoolSettings};
use mercer::platform::write_context::WriteContext;

pub use crate::support::database::TestDatabase;

/// Header line of the Online Retail data set.
pub const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// Creates a migrated, empty database, and the guard that drops it.
pub fn database() -> (Db, TestDatabase) {
    let database = TestDatabase::create();
    (connect(&database.url), database)
}

pub fn connect(url: &str) -> Db {
    Db::new(&PoolSettings { url: url.to_owned(), size: 4, timeouts: DatabaseTimeouts::BATCH })
}

/// Context of an import that starts now.
pub fn context() -> WriteContext {
    WriteContext::system(Clock::system().now(), &Arc::new(MasterKey::new("only for tests").unwrap()))
}

/// Progress that ignores all reports.
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}

    fn advance(&mut self, _: u64) -> Result<()> {
        Ok(())
    }
}

pub fn input(bytes: impl Into<Vec<u8>>) -> Input {
    Input::new(Cursor::new(bytes.into())).unwrap()
}

pub fn run(db: &Db, command: &ImportCommand, bytes: impl Into<Vec<u8>>) -> Result<ImportReport> {
    run_on(db, &context(), command, input(bytes), &mut NoProgress)
}

/// Default options, except the currency GBP.
pub fn orders_command() -> OrdersCommand {
    let mut command = OrdersCommand::new(FileOptions::new("-"));
    command.currency = Some("GBP".parse().unwrap());
    command
}

pub fn import_orders(db: &Db, rows: &str) -> ImportReport {
    import_orders_with(db, orders_command(), rows)
}

pub fn import_orders_with(db: &Db, command: OrdersCommand, rows: &str) -> ImportReport {
    let report = run(db, &ImportCommand::Orders(command), format!("{HEADER}{rows}")).unwrap();
    assert_eq!(report.rows_read, report.rows_accepted() + report.rows_rejected());
    report
}

pub fn import_products(db: &Db, file: &str) -> ImportReport {
    let file_options = FileOptions::new("-");
    let command = ProductsCommand { file: file_options, channel: None };
    run(db, &ImportCommand::Products(command), file).unwrap()
}

pub fn import_categories(db: &Db, file: &str) -> ImportReport {
    let file_options = FileOptions::new("-");
    run(db, &ImportCommand::Categories(CategoriesCommand { file: file_options }), file).unwrap()
}

pub fn order_counts(report: &ImportReport) -> &OrderCounts {
    match &report.summary {
        ImportSummary::Orders(counts) => counts,
        other => panic!("unexpected summary: {other:?}"),
    }
}

/// Returns the reasons of rejections with their line numbers.
pub fn rejections(report: &ImportReport) -> Vec<(&str, Vec<u64>)> {
    let mut reasons: Vec<_> =
        report.rejected.iter().map(|rejected| (rejected.reason.as_str(), rejected.lines.clone())).collect();
    reasons.sort_by_key(|(_, lines)| lines.first().copied());
    reasons
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// Returns the rows of a query with one column as texts, `null` for null.
pub fn query(db: &Db, query: &str) -> Vec<String> {
    let query = format!("select value::text from ({query}) as result (value)");
    let rows: Vec<TextRow> = db.read_blocking(|conn| diesel::sql_query(&query).load::<TextRow>(conn)).unwrap();
    rows.into_iter().map(|row| row.value.unwrap_or_else(|| "null".to_owned())).collect()
}

pub fn execute(db: &Db, statement: &str) {
    db.write_blocking(|conn| conn.batch_execute(statement)).unwrap();
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Returns the number of rows of each table that an import can write.
pub fn row_counts(db: &Db) -> Vec<(&'static str, i64)> {
    const TABLES: [&str; 16] = [
        "categories",
        "customers",
        "products",
        "variants",
        "variant_prices",
        "stocks",
        "stock_movements",
        "orders",
        "order_lines",
        "order_history",
        "fulfillments",
        "fulfillment_lines",
        "payments",
        "payment_transactions",
        "returns",
        "return_lines",
    ];
    let count = |table| {
        let query = format!("select count(*) from {table}");
        let count: Count = db.read_blocking(|conn| diesel::sql_query(&query).get_result(conn)).unwrap();
        (table, count.count)
    };
    TABLES.map(count).to_vec()
}
