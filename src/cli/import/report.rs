//! What an import did, in figures and in words.

use std::fmt;
use std::time::Duration;

use super::refusals::Refused;
use crate::platform::types::Money;

/// What an import did.
#[derive(Debug, Clone)]
pub struct ImportReport {
    pub is_dry_run: bool,
    pub rows_read: u64,
    pub figures: Figures,
    /// By reason, the most frequent first.
    pub refused: Vec<Refused>,
    pub took: Duration,
}

/// What became of the rows that were taken.
#[derive(Debug, Clone)]
pub enum Figures {
    Categories(Changes),
    Products(Changes),
    Orders(OrderFigures),
}

/// Rows by what they did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// Orders and returns of the file: those that are new, and those that were there already.
#[derive(Debug, Clone)]
pub struct OrderFigures {
    pub orders: Documents,
    pub returns: Documents,
    /// Order lines of nobody we know.
    pub lines_without_customer: u64,
}

/// Documents of one kind.
#[derive(Debug, Clone)]
pub struct Documents {
    pub new: u64,
    pub already_there: u64,
    pub new_lines: u64,
    pub lines_already_there: u64,
    /// Of the new ones and those already there; what returns come to is negative.
    pub total: Money,
}

impl ImportReport {
    pub fn rows_refused(&self) -> u64 {
        self.refused.iter().map(|refused| refused.count).sum()
    }

    pub const fn rows_taken(&self) -> u64 {
        match &self.figures {
            Figures::Categories(changes) | Figures::Products(changes) => {
                changes.created + changes.changed + changes.unchanged
            }
            Figures::Orders(figures) => figures.orders.lines() + figures.returns.lines(),
        }
    }
}

impl Documents {
    pub const fn none(zero: Money) -> Self {
        Self { new: 0, already_there: 0, new_lines: 0, lines_already_there: 0, total: zero }
    }

    pub const fn count(&self) -> u64 {
        self.new + self.already_there
    }

    pub const fn lines(&self) -> u64 {
        self.new_lines + self.lines_already_there
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dry_run {
            writeln!(f, "Dry run: nothing was changed.")?;
        }
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        writeln!(
            f,
            "{} rows read in {:.1} s, {} a second: {} taken, {} refused.",
            grouped(self.rows_read),
            self.took.as_secs_f64(),
            grouped(self.rows_read.saturating_mul(1000) / milliseconds),
            grouped(self.rows_taken()),
            grouped(self.rows_refused()),
        )?;
        match &self.figures {
            Figures::Categories(changes) => write_changes(f, "Categories", changes)?,
            Figures::Products(changes) => write_changes(f, "Variants", changes)?,
            Figures::Orders(figures) => {
                write_documents(f, "Orders", &figures.orders)?;
                let without = grouped(figures.lines_without_customer);
                writeln!(f, "         of these lines {without} without a customer")?;
                write_documents(f, "Returns", &figures.returns)?;
            }
        }
        self.refused.iter().try_for_each(|refused| write_refused(f, refused))
    }
}

fn write_changes(f: &mut fmt::Formatter<'_>, what: &str, changes: &Changes) -> fmt::Result {
    let [created, changed, unchanged] = [changes.created, changes.changed, changes.unchanged].map(grouped);
    writeln!(f, "{what}: {created} new, {changed} changed, {unchanged} as they were.")
}

fn write_documents(f: &mut fmt::Formatter<'_>, what: &str, documents: &Documents) -> fmt::Result {
    writeln!(
        f,
        "{what}: {} ({} new, {} already there) with {} lines ({} new, {} already there), total {} {}",
        grouped(documents.count()),
        grouped(documents.new),
        grouped(documents.already_there),
        grouped(documents.lines()),
        grouped(documents.new_lines),
        grouped(documents.lines_already_there),
        documents.total.shown().as_str(),
        documents.total.currency(),
    )
}

fn write_refused(f: &mut fmt::Formatter<'_>, refused: &Refused) -> fmt::Result {
    let lines: Vec<String> = refused.lines.iter().map(u64::to_string).collect();
    let more = if refused.count > u64::try_from(lines.len()).unwrap_or(u64::MAX) { ", …" } else { "" };
    let count = grouped(refused.count);
    writeln!(f, "Refused {count}: {} (line {}{more})", refused.reason, lines.join(", "))
}

/// `142,083` is easier to read than `142083`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([7, 786, 5199, 142_083, 1_000_000].map(grouped), ["7", "786", "5,199", "142,083", "1,000,000"]);
    }
}
