//! `mercer import categories|products|orders FILE`: import of a shop's data from CSV files.
//!
//! Every import can be repeated: it updates or keeps existing rows and creates no duplicates. Products and orders are
//! imported in batches, one transaction each; a category tree is imported in one transaction. An interrupted import has
//! completed all of its committed batches, and repeating it imports the rest. Invalid rows are rejected one by one,
//! each with its line and a reason. Only an unreadable file or an unreachable database aborts an import.
//!
//! Files are CSV with a header line, delimited by `,`, `;` or tabs, plain or gzipped. Text is UTF-8. A field that is
//! not valid UTF-8 is decoded as Windows-1252 unless `--encoding` names another encoding. Column names ignore case.

mod categories;
mod input;
mod numbers;
pub mod orders;
mod products;
mod progress;
mod rejections;
mod report;
mod run;
mod table;

use std::time::Instant;

use anyhow::Result;
use clap::{Args, Subcommand};

pub use input::Input;
pub use orders::OrdersCommand;
pub use products::ProductsCommand;
pub use progress::Progress;
pub use report::{ImportReport, ImportSummary, OrderCounts, RowCounts};
pub use run::FileOptions;

use crate::platform::db::Db;
use crate::platform::write_context::WriteContext;
use progress::TerminalProgress;
use rejections::RejectionLog;
use run::ImportRun;
use table::Table;

/// Kind of data to import.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCommand {
    /// Import categories from `id,parent_id,name` and optionally `description`; rows can be in any order
    Categories(CategoriesCommand),
    /// Import products from `sku,name` and any of `description,category,price,currency,stock,options,is_active`
    Products(ProductsCommand),
    /// Import past orders from invoice lines, one per row, grouped by invoice number
    Orders(OrdersCommand),
}

/// Arguments of `mercer import categories`.
#[derive(Debug, Clone, Args)]
pub struct CategoriesCommand {
    #[command(flatten)]
    pub file: FileOptions,
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

/// Imports a file. Shows the progress if standard error is a terminal.
pub fn run(db: &Db, context: &WriteContext, command: &ImportCommand) -> Result<ImportReport> {
    let input = Input::open(&command.file().path)?;
    run_on(db, context, command, input, &mut TerminalProgress::default())
}

/// Imports an open input. An error of `progress` aborts the import between two batches.
pub fn run_on(
    db: &Db,
    context: &WriteContext,
    command: &ImportCommand,
    input: Input,
    progress: &mut dyn Progress,
) -> Result<ImportReport> {
    let started = Instant::now();
    let options = command.file();
    let table = Table::read(input, options.encoding)?;
    let rejections = RejectionLog::new(options.rejected.as_deref(), table.headers())?;
    let mut import = ImportRun { db, context, options, table, rejections, progress };
    let summary = match command {
        ImportCommand::Categories(_) => categories::import(&mut import)?,
        ImportCommand::Products(command) => products::import(&mut import, command)?,
        ImportCommand::Orders(command) => orders::import(&mut import, command)?,
    };
    Ok(ImportReport {
        is_dry_run: options.dry_run,
        rows_read: import.table.rows_read(),
        summary,
        rejected: import.rejections.finish()?,
        duration: started.elapsed(),
    })
}
