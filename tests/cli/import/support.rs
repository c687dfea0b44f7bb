//! A database per test, and short words for running imports on it.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::Result;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use mercer::cli::import::orders::OrdersCommand;
use mercer::cli::import::{
    CategoriesCommand, Figures, FileOptions, ImportCommand, ImportReport, Input, OrderFigures, ProductsCommand,
    Progress, run_on,
};
use mercer::platform::auth::MasterKey;
use mercer::platform::clock::Clock;
use mercer::platform::db::{Db, PoolSettings, TimeOuts};

pub use crate::support::database::TestDatabase;

/// The columns of the Online Retail data set.
pub const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// A migrated, empty database, and what drops it in the end.
pub fn database() -> (Db, TestDatabase) {
    let database = TestDatabase::create();
    (connect(&database.url), database)
}

pub fn connect(url: &str) -> Db {
    let db = Db::new(&PoolSettings { url: url.to_owned(), size: 4, time_outs: TimeOuts::BATCH });
    db.hold_key(Arc::new(MasterKey::new("only for tests").unwrap()));
    db
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}

    fn advance(&mut self, _: u64) -> Result<()> {
        Ok(())
    }
}

pub fn input(bytes: impl Into<Vec<u8>>) -> Input {
    Input::new(Cursor::new(bytes.into())).unwrap()
}

pub fn run(db: &Db, command: &ImportCommand, bytes: impl Into<Vec<u8>>) -> Result<ImportReport> {
    run_on(db, &Clock::system(), command, input(bytes), &mut Unwatched)
}

/// Orders in pounds, everything else as it is when nothing is said.
pub fn orders_command() -> OrdersCommand {
    let mut command = OrdersCommand::of(FileOptions::of("-"));
    command.currency = Some("GBP".parse().unwrap());
    command
}

pub fn import_orders(db: &Db, rows: &str) -> ImportReport {
    import_orders_with(db, orders_command(), rows)
}

pub fn import_orders_with(db: &Db, command: OrdersCommand, rows: &str) -> ImportReport {
    let report = run(db, &ImportCommand::Orders(command), format!("{HEADER}{rows}")).unwrap();
    assert_eq!(report.rows_read, report.rows_taken() + report.rows_refused());
    report
}

pub fn import_products(db: &Db, file: &str) -> ImportReport {
    let file_options = FileOptions::of("-");
    let command = ProductsCommand { file: file_options, channel: None };
    run(db, &ImportCommand::Products(command), file).unwrap()
}

pub fn import_categories(db: &Db, file: &str) -> ImportReport {
    let file_options = FileOptions::of("-");
    run(db, &ImportCommand::Categories(CategoriesCommand { file: file_options }), file).unwrap()
}

pub fn figures(report: &ImportReport) -> &OrderFigures {
    match &report.figures {
        Figures::Orders(figures) => figures,
        other => panic!("not of orders: {other:?}"),
    }
}

/// Why rows were refused, and on which lines.
pub fn refusals(report: &ImportReport) -> Vec<(&str, Vec<u64>)> {
    let mut refusals: Vec<_> =
        report.refused.iter().map(|refused| (refused.reason.as_str(), refused.lines.clone())).collect();
    refusals.sort_by_key(|(_, lines)| lines.first().copied());
    refusals
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Nullable<Text>)]
    answer: Option<String>,
}

/// The rows of a query of one text column, `null` for null.
pub fn ask(db: &Db, query: &str) -> Vec<String> {
    let query = format!("select answer::text from ({query}) as asked (answer)");
    let answers: Vec<Answer> = db.read_blocking(|conn| diesel::sql_query(&query).load::<Answer>(conn)).unwrap();
    answers.into_iter().map(|row| row.answer.unwrap_or_else(|| "null".to_owned())).collect()
}

pub fn tell(db: &Db, statement: &str) {
    db.write_blocking(|conn| conn.batch_execute(statement)).unwrap();
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows every table has that an import may write.
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
