//! Report of an import.

use std::fmt;
use std::time::Duration;

use super::rejections::RejectionGroup;
use crate::platform::types::Money;

/// Result of an import; its `Display` is the text for the terminal.
#[derive(Debug, Clone)]
pub struct ImportReport {
    pub is_dry_run: bool,
    pub rows_read: u64,
    pub summary: ImportSummary,
    /// Rejected rows by reason, the most frequent reason first.
    pub rejected: Vec<RejectionGroup>,
    pub duration: Duration,
}

/// Numbers of accepted rows.
#[derive(Debug, Clone)]
pub enum ImportSummary {
    Categories(RowCounts),
    Products(RowCounts),
    Orders(OrderCounts),
}

/// Numbers of created, updated and unchanged rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCounts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// Orders and returns of the file, new and existing.
#[derive(Debug, Clone)]
pub struct OrderCounts {
    pub orders: DocumentCounts,
    pub returns: DocumentCounts,
    /// Number of order lines without a customer.
    pub lines_without_customer: u64,
}

/// Numbers of documents of one kind.
#[derive(Debug, Clone)]
pub struct DocumentCounts {
    pub new: u64,
    pub existing: u64,
    pub new_lines: u64,
    pub existing_lines: u64,
    /// Total of the new and existing documents; negative for returns.
    pub total: Money,
}

impl ImportReport {
    pub fn rows_rejected(&self) -> u64 {
        self.rejected.iter().map(|group| group.count).sum()
    }

    pub const fn rows_accepted(&self) -> u64 {
        match &self.summary {
            ImportSummary::Categories(counts) | ImportSummary::Products(counts) => {
                counts.created + counts.updated + counts.unchanged
            }
            ImportSummary::Orders(counts) => counts.orders.lines() + counts.returns.lines(),
        }
    }
}

impl DocumentCounts {
    pub const fn zero(zero: Money) -> Self {
        Self { new: 0, existing: 0, new_lines: 0, existing_lines: 0, total: zero }
    }

    pub const fn count(&self) -> u64 {
        self.new + self.existing
    }

    pub const fn lines(&self) -> u64 {
        self.new_lines + self.existing_lines
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dry_run {
            writeln!(f, "Dry run: no data was changed.")?;
        }
        let milliseconds = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX).max(1);
        writeln!(
            f,
            "{} rows read in {:.1} s, {} per second: {} accepted, {} rejected.",
            format_grouped(self.rows_read),
            self.duration.as_secs_f64(),
            format_grouped(self.rows_read.saturating_mul(1000) / milliseconds),
            format_grouped(self.rows_accepted()),
            format_grouped(self.rows_rejected()),
        )?;
        match &self.summary {
            ImportSummary::Categories(counts) => write_row_counts(f, "Categories", counts)?,
            ImportSummary::Products(counts) => write_row_counts(f, "Variants", counts)?,
            ImportSummary::Orders(counts) => {
                write_documents(f, "Orders", &counts.orders)?;
                let without = format_grouped(counts.lines_without_customer);
                writeln!(f, "         {without} of these lines without a customer")?;
                write_documents(f, "Returns", &counts.returns)?;
            }
        }
        self.rejected.iter().try_for_each(|group| write_rejected(f, group))
    }
}

fn write_row_counts(f: &mut fmt::Formatter<'_>, label: &str, counts: &RowCounts) -> fmt::Result {
    let [created, updated, unchanged] = [counts.created, counts.updated, counts.unchanged].map(format_grouped);
    writeln!(f, "{label}: {created} created, {updated} updated, {unchanged} unchanged.")
}

fn write_documents(f: &mut fmt::Formatter<'_>, label: &str, documents: &DocumentCounts) -> fmt::Result {
    writeln!(
        f,
        "{label}: {} ({} new, {} existing) with {} lines ({} new, {} existing), total {} {}",
        format_grouped(documents.count()),
        format_grouped(documents.new),
        format_grouped(documents.existing),
        format_grouped(documents.lines()),
        format_grouped(documents.new_lines),
        format_grouped(documents.existing_lines),
        documents.total.to_decimal_string().as_str(),
        documents.total.currency(),
    )
}

fn write_rejected(f: &mut fmt::Formatter<'_>, group: &RejectionGroup) -> fmt::Result {
    let lines: Vec<String> = group.lines.iter().map(u64::to_string).collect();
    let more = if group.count > u64::try_from(lines.len()).unwrap_or(u64::MAX) { ", …" } else { "" };
    let count = format_grouped(group.count);
    writeln!(f, "Rejected {count}: {} (line {}{more})", group.reason, lines.join(", "))
}

/// Formats a number with thousands separators, such as `142,083`.
fn format_grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_have_thousands_separators() {
        assert_eq!(
            [7, 786, 5199, 142_083, 1_000_000].map(format_grouped),
            ["7", "786", "5,199", "142,083", "1,000,000"]
        );
    }
}
