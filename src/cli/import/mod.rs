//! `mercer import categories|products|orders FILE`: a shop's data from CSV files.
//!
//! Every import can be run again: what is there already is left alone or brought up to date, nothing is doubled.
//! Products and orders go in by batches, one transaction each; a tree of categories goes in whole. An import that
//! was killed has done all of its finished batches and nothing of the others, and running it again does the rest.
//! Rows that cannot be taken are refused one by one, with their line and a reason; only a file that cannot be
//! read, or a database that cannot be reached, ends an import.
//!
//! Files are CSV with a header line, delimited by `,`, `;` or tabs, plain or gzipped. Text is UTF-8; a field that
//! is not is read as Windows-1252, unless `--encoding` names another one. Columns are found by their names,
//! without regard to case.

mod categories;
mod input;
mod numbers;
pub mod orders;
mod products;
mod progress;
mod refusals;
mod report;
mod table;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use diesel::{Connection, PgConnection};
use encoding_rs::Encoding;

pub use input::Input;
pub use orders::OrdersCommand;
pub use products::ProductsCommand;
pub use progress::Progress;
pub use report::{Changes, Figures, ImportReport, OrderFigures};

use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use progress::Bar;
use refusals::Refusals;
use table::Table;

/// What to import.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCommand {
    /// Categories: `id,parent_id,name` and, if given, `description`; parents on any line
    Categories(CategoriesCommand),
    /// Products: `sku,name` and any of `description,category,price,currency,stock,options,is_active`
    Products(ProductsCommand),
    /// Past orders: invoice lines, one a row, grouped by invoice number
    Orders(OrdersCommand),
}

/// Categories.
#[derive(Debug, Clone, Args)]
pub struct CategoriesCommand {
    #[command(flatten)]
    pub file: FileOptions,
}

/// What all imports have in common.
#[derive(Debug, Clone, Args)]
pub struct FileOptions {
    /// The CSV file, also gzipped; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// Change nothing, only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Write the refused rows to this CSV file: line, reason, and the row as it was
    #[arg(long, value_name = "FILE")]
    pub refused: Option<PathBuf>,
    /// Orders, or rows of products, in one transaction
    #[arg(long, value_name = "N", default_value = "500", value_parser = parse_batch)]
    pub batch: usize,
    /// The text's encoding, such as `windows-1252` [default: UTF-8, and Windows-1252 where it is none]
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    pub encoding: Option<&'static Encoding>,
}

impl FileOptions {
    /// Everything as it is when nothing is said.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), dry_run: false, refused: None, batch: 500, encoding: None }
    }
}

fn parse_batch(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(batch) if (1..=10_000).contains(&batch) => Ok(batch),
        _ => Err("a number from 1 to 10000".to_owned()),
    }
}

fn parse_encoding(name: &str) -> Result<&'static Encoding, String> {
    match Encoding::for_label(name.as_bytes()) {
        Some(encoding) if encoding.is_ascii_compatible() => Ok(encoding),
        Some(encoding) => Err(format!("{}: save the file as UTF-8 first", encoding.name())),
        None => Err("no encoding has this name".to_owned()),
    }
}

impl ImportCommand {
    const fn file(&self) -> &FileOptions {
        match self {
            Self::Categories(command) => &command.file,
            Self::Products(command) => &command.file,
            Self::Orders(command) => &command.file,
        }
    }
}

/// Imports a file, showing how far it is where standard error is a terminal.
pub fn run(db: &Db, clock: &Clock, command: &ImportCommand) -> Result<ImportReport> {
    let input = Input::open(&command.file().path)?;
    run_on(db, clock, command, input, &mut Bar::default())
}

/// [`run`] on something already open. Whatever `progress` refuses ends the import between two batches.
pub fn run_on(
    db: &Db,
    clock: &Clock,
    command: &ImportCommand,
    input: Input,
    progress: &mut dyn Progress,
) -> Result<ImportReport> {
    let started = Instant::now();
    let options = command.file();
    let table = Table::read(input, options.encoding)?;
    let refusals = Refusals::new(options.refused.as_deref(), table.headers())?;
    let mut import = Import { db, at: clock.now(), options, table, refusals, progress };
    let figures = match command {
        ImportCommand::Categories(_) => categories::import(&mut import)?,
        ImportCommand::Products(command) => products::import(&mut import, command)?,
        ImportCommand::Orders(command) => orders::import(&mut import, command)?,
    };
    Ok(ImportReport {
        is_dry_run: options.dry_run,
        rows_read: import.table.rows_read(),
        figures,
        refused: import.refusals.finish()?,
        took: started.elapsed(),
    })
}

/// An import under way.
struct Import<'a> {
    db: &'a Db,
    at: DateTime<Utc>,
    options: &'a FileOptions,
    table: Table,
    refusals: Refusals,
    progress: &'a mut dyn Progress,
}

impl Import<'_> {
    /// Runs `work` in a transaction of its own, which a dry run takes back.
    fn write<T, E: Into<Problem>>(&self, work: impl Fn(&mut PgConnection) -> Result<T, E>) -> Result<T> {
        if !self.options.dry_run {
            return Ok(self.db.write_blocking(work)?);
        }
        let rehearse = |conn: &mut PgConnection| {
            let mut outcome = None;
            let rolled_back = conn.transaction(|conn| {
                outcome = Some(work(conn).map_err(Into::into));
                Err::<(), _>(diesel::result::Error::RollbackTransaction)
            });
            match (outcome, rolled_back) {
                (Some(outcome), _) => outcome,
                (None, Err(error)) => Err(error.into()),
                (None, Ok(())) => Err(Problem::internal(anyhow::anyhow!("nothing was rehearsed"))),
            }
        };
        Ok(self.db.write_blocking(rehearse)?)
    }
}
