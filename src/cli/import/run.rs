//! Options and state of an import.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use diesel::{Connection, PgConnection};
use encoding_rs::Encoding;

use super::progress::Progress;
use super::rejections::RejectionLog;
use super::table::Table;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use crate::platform::write_context::WriteContext;
use crate::products::channels::Channel;

/// Arguments of all imports.
#[derive(Debug, Clone, Args)]
pub struct FileOptions {
    /// CSV file, plain or gzipped; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// Change nothing and only report what the import would do
    #[arg(long)]
    pub dry_run: bool,
    /// Write the rejected rows to this CSV file, each with its line number and the reason
    #[arg(long, alias = "refused", value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Number of orders or product rows per transaction
    #[arg(long, value_name = "N", default_value = "500", value_parser = parse_batch)]
    pub batch: usize,
    /// Encoding of the text, such as `windows-1252` [default: UTF-8, Windows-1252 for invalid UTF-8]
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    pub encoding: Option<&'static Encoding>,
}

impl FileOptions {
    /// Creates options with their default values.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), dry_run: false, rejected: None, batch: 500, encoding: None }
    }
}

fn parse_batch(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(batch) if (1..=10_000).contains(&batch) => Ok(batch),
        _ => Err("must be a number from 1 to 10000".to_owned()),
    }
}

fn parse_encoding(name: &str) -> Result<&'static Encoding, String> {
    match Encoding::for_label(name.as_bytes()) {
        Some(encoding) if encoding.is_ascii_compatible() => Ok(encoding),
        Some(encoding) => Err(format!("{} is not supported: save the file as UTF-8", encoding.name())),
        None => Err("unknown encoding".to_owned()),
    }
}

/// State of a running import.
pub(super) struct ImportRun<'a> {
    pub db: &'a Db,
    pub context: &'a WriteContext,
    pub options: &'a FileOptions,
    pub table: Table,
    pub rejections: RejectionLog,
    pub progress: &'a mut dyn Progress,
}

impl ImportRun<'_> {
    /// Runs `work` in one transaction. A dry run rolls the transaction back.
    pub fn write<T, E: Into<Problem>>(&self, work: impl Fn(&mut PgConnection) -> Result<T, E>) -> Result<T> {
        if !self.options.dry_run {
            return Ok(self.db.write_blocking(work)?);
        }
        let dry_run = |conn: &mut PgConnection| {
            let mut outcome = None;
            let rolled_back = conn.transaction(|conn| {
                outcome = Some(work(conn).map_err(Into::into));
                Err::<(), _>(diesel::result::Error::RollbackTransaction)
            });
            match (outcome, rolled_back) {
                (Some(outcome), _) => outcome,
                (None, Err(error)) => Err(error.into()),
                (None, Ok(())) => Err(Problem::internal(anyhow::anyhow!("the dry run returned no outcome"))),
            }
        };
        Ok(self.db.write_blocking(dry_run)?)
    }

    /// Returns the channel with the slug, or the default channel.
    pub fn find_channel(&self, slug: Option<&str>) -> Result<Channel> {
        match slug {
            None => Ok(self.db.read_blocking(Channel::load_default)?),
            Some(slug) => {
                let channel = self.db.read_blocking(|conn| Channel::find_by_slug(conn, slug))?;
                channel.with_context(|| format!("the channel {slug:?} does not exist"))
            }
        }
    }
}
