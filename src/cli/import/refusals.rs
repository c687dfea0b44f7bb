//! Rows that were not taken: counted by reason, and written out whole if asked.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};

use super::table::Row;

/// The lines named in the report for each reason.
const FIRST_LINES: usize = 5;

/// All rows refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reason: String,
    pub count: u64,
    /// The first few lines of them.
    pub lines: Vec<u64>,
}

/// The rows refused so far.
pub(super) struct Refusals {
    reasons: Vec<Refused>,
    report: Option<csv::Writer<File>>,
}

impl Refusals {
    /// With `report`, a CSV file of the refused rows: line, reason, then the columns of the original.
    pub fn new(report: Option<&Path>, headers: &[String]) -> Result<Self> {
        let report = report.map(|path| open_report(path, headers)).transpose()?;
        Ok(Self { reasons: Vec::new(), report })
    }

    pub fn refuse(&mut self, row: &Row<'_>, reason: &str) -> Result<()> {
        self.refuse_fields(row.line(), reason, || row.fields())
    }

    /// [`Refusals::refuse`] for a row that is no longer at hand.
    pub fn refuse_fields(&mut self, line: u64, reason: &str, fields: impl FnOnce() -> Vec<String>) -> Result<()> {
        self.count(line, reason);
        if let Some(report) = &mut self.report {
            let start = [line.to_string(), reason.to_owned()];
            report.write_record(start.into_iter().chain(fields()))?;
        }
        Ok(())
    }

    /// By reason, the most frequent first.
    pub fn finish(mut self) -> Result<Vec<Refused>> {
        if let Some(report) = &mut self.report {
            report.flush().context("cannot write the report of refused rows")?;
        }
        self.reasons.sort_by_key(|refused| std::cmp::Reverse(refused.count));
        Ok(self.reasons)
    }

    fn count(&mut self, line: u64, reason: &str) {
        match self.reasons.iter_mut().find(|refused| refused.reason == reason) {
            Some(refused) => {
                refused.count += 1;
                if refused.lines.len() < FIRST_LINES {
                    refused.lines.push(line);
                }
            }
            None => self.reasons.push(Refused { reason: reason.to_owned(), count: 1, lines: vec![line] }),
        }
    }
}

fn open_report(path: &Path, headers: &[String]) -> Result<csv::Writer<File>> {
    let mut report = csv::WriterBuilder::new()
        .flexible(true)
        .from_path(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let start = ["line", "reason"].map(str::to_owned);
    report.write_record(start.iter().chain(headers))?;
    Ok(report)
}
