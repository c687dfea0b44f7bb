//! Rejected rows: counted by reason, and optionally written to a CSV file.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};

use super::table::{Row, SourceRow};

/// Maximum number of lines that the report lists per reason.
const MAX_LINES: usize = 5;

/// Rows rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionGroup {
    pub reason: String,
    pub count: u64,
    /// Line numbers of the first of them.
    pub lines: Vec<u64>,
}

/// Log of the rejected rows.
pub(super) struct RejectionLog {
    groups: Vec<RejectionGroup>,
    report: Option<csv::Writer<File>>,
}

impl RejectionLog {
    /// Creates the log. With `report`, writes each rejected row to this CSV file: line, reason and original columns.
    pub fn new(report: Option<&Path>, headers: &[String]) -> Result<Self> {
        let report = report.map(|path| open_report(path, headers)).transpose()?;
        Ok(Self { groups: Vec::new(), report })
    }

    pub fn reject(&mut self, row: &Row<'_>, reason: &str) -> Result<()> {
        self.reject_with(row.line(), reason, || row.fields())
    }

    /// Rejects a row that was read earlier.
    pub fn reject_source(&mut self, source: &SourceRow, reason: &str) -> Result<()> {
        self.reject_with(source.line, reason, || source.fields.clone())
    }

    /// Rejects a row whose fields are only needed for the report.
    pub fn reject_with(&mut self, line: u64, reason: &str, fields: impl FnOnce() -> Vec<String>) -> Result<()> {
        self.count(line, reason);
        if let Some(report) = &mut self.report {
            let start = [line.to_string(), reason.to_owned()];
            report.write_record(start.into_iter().chain(fields()))?;
        }
        Ok(())
    }

    /// Returns the rejected rows by reason, the most frequent reason first.
    pub fn finish(mut self) -> Result<Vec<RejectionGroup>> {
        if let Some(report) = &mut self.report {
            report.flush().context("cannot write the rejected rows")?;
        }
        self.groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        Ok(self.groups)
    }

    fn count(&mut self, line: u64, reason: &str) {
        match self.groups.iter_mut().find(|group| group.reason == reason) {
            Some(group) => {
                group.count += 1;
                if group.lines.len() < MAX_LINES {
                    group.lines.push(line);
                }
            }
            None => self.groups.push(RejectionGroup { reason: reason.to_owned(), count: 1, lines: vec![line] }),
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
