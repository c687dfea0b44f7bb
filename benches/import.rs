//! Throughput of the order import, compared with PostgreSQL's COPY of the same rows.
//!
//! `cargo bench --bench import` imports 100,000 generated invoice lines into an embedded database that syncs to disk,
//! three times each into a new database. Prints both results and their ratio, which depends less on the machine.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "a benchmark prints results and panics on errors"
)]

use std::fmt::Write;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use mercer::cli::import::{FileOptions, ImportCommand, Input, OrdersCommand, Progress, run_on};
use mercer::platform::auth::MasterKey;
use mercer::platform::clock::Clock;
use mercer::platform::db::embedded::{EmbeddedServer, EmbeddedSettings};
use mercer::platform::db::{DatabaseTimeouts, Db, PoolSettings, migrate};
use mercer::platform::write_context::WriteContext;

const ROWS: usize = 100_000;
const LINES_PER_INVOICE: usize = 27;
const RUNS: usize = 3;

struct NoProgress;

impl Progress for NoProgress {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}

    fn advance(&mut self, _: u64) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let file = invoices();
    let mut imports: Vec<Duration> = (0..RUNS).map(|_| on_new_database(|url| measure_import(url, &file))).collect();
    let mut copies: Vec<Duration> = (0..RUNS).map(|_| on_new_database(|url| measure_copy(url, &file))).collect();
    imports.sort();
    copies.sort();
    let (import, copy) = (imports[RUNS / 2], copies[RUNS / 2]);
    let per_second = |duration: Duration| ROWS as f64 / duration.as_secs_f64();
    println!("machine     {} cores, {}", std::thread::available_parallelism().unwrap(), std::env::consts::ARCH);
    println!("import      {:>9.0} rows per second (median of {RUNS})", per_second(import));
    println!("plain COPY  {:>9.0} rows per second (median of {RUNS})", per_second(copy));
    println!("ratio       {:>9.4}", copy.as_secs_f64() / import.as_secs_f64());
}

/// Generates invoices with 2,000 customers and 3,000 products.
fn invoices() -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    let mut file = header.to_owned();
    for row in 0..ROWS {
        let invoice = 100_000 + row / LINES_PER_INVOICE;
        let (product, quantity) = (random.u32(0..3_000), random.u32(1..24));
        let (pence, customer) = (random.u32(50..5_000), 10_000 + invoice % 2_000);
        writeln!(
            file,
            "{invoice},SKU-{product},Product {product},{quantity},2011-01-01 10:00:00,{}.{:02},{customer},Spain",
            pence / 100,
            pence % 100,
        )
        .unwrap();
    }
    file
}

fn on_new_database(work: impl FnOnce(&str) -> Duration) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut server = EmbeddedServer::start(folder.path(), &EmbeddedSettings::default()).unwrap();
    migrate(&server.url()).unwrap();
    let duration = work(&server.url());
    server.stop();
    duration
}

fn measure_import(url: &str, file: &str) -> Duration {
    let db = Db::new(&PoolSettings { url: url.to_owned(), size: 4, timeouts: DatabaseTimeouts::BATCH });
    let context = WriteContext::system(Clock::system().now(), &Arc::new(MasterKey::new("only for measuring").unwrap()));
    let command = ImportCommand::Orders(OrdersCommand::new(FileOptions::new("-")));
    let input = Input::new(Cursor::new(file.as_bytes().to_vec())).unwrap();
    let started = Instant::now();
    let report = run_on(&db, &context, &command, input, &mut NoProgress).unwrap();
    let duration = started.elapsed();
    assert_eq!(report.rows_accepted(), ROWS as u64, "{report}");
    duration
}

/// Measures the reference: PostgreSQL reads the same file into one table of text columns.
fn measure_copy(url: &str, file: &str) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("invoices.csv");
    std::fs::write(&path, file).unwrap();
    set_mode(folder.path(), 0o755);
    set_mode(&path, 0o644);
    let mut conn = PgConnection::establish(url).unwrap();
    let columns = "a text, b text, c text, d text, e text, f text, g text, h text";
    conn.batch_execute(&format!("create table raw_rows ({columns})")).unwrap();
    let started = Instant::now();
    conn.batch_execute(&format!("copy raw_rows from '{}' with (format csv, header)", path.display())).unwrap();
    started.elapsed()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
