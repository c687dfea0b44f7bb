//! Import of past orders from invoice lines, one per row.
//!
//! # Documents
//! - Rows with the same invoice number belong to one document, wherever they are in the file. The import therefore
//!   reads the whole file before it writes anything. A row takes about 100 bytes of memory; each distinct text is
//!   stored once.
//! - An invoice becomes a delivered and paid order with the same number (after `--number-prefix`), one fulfillment of
//!   all lines and one charge of the total. The import changes no stock, sends no messages and publishes no events.
//! - An invoice whose number starts with `--credit-prefix` (`C`) is a credit note. It becomes a refunded return without
//!   an order, because the file does not name the credited invoice. Its quantities are negative in the file and
//!   positive in the return; the report shows its total as a negative amount.
//! - The position among the accepted rows of its invoice identifies a line: two equal rows are two lines. Rejected rows
//!   have no position. Because the rules depend only on the file and the options, the same file always results in the
//!   same positions.
//! - An order is written completely or not at all, so a file can be imported repeatedly. If the file contains further
//!   lines of an existing order, these lines are rejected, because a completed order does not change.
//!
//! # Fields
//! - Product: the variant with the SKU; the comparison ignores case. An unknown SKU becomes an archived product with
//!   the most frequent name of its rows. The order line keeps the SKU and name of its row. A row without a name gets
//!   the most frequent name of its SKU, or else the SKU itself.
//! - Price: the paid price. The total of a line is unit price × quantity, rounded once, half away from zero, to the
//!   minor unit of the currency. The total of an order is the sum of its lines. The tax is unknown: rate 0, net =
//!   gross.
//! - Date: the date of the invoice in UTC; the earliest one if its rows differ.
//! - Customer: found or created by the id in the other shop; `17850.0` means `17850`. The first one if the rows differ.
//!   An order without a customer id has neither customer nor e-mail address.
//! - Country: the first one of the rows, stored as written and with its ISO code if it has one.
//!
//! # Rejected rows
//! Each row is validated separately; [`OrderRowError`] lists the reasons. Examples are zero or negative prices,
//! negative quantities in an invoice, positive ones in a credit note, and numbers in the format of Mercer's order
//! numbers.

mod batch;
mod columns;
mod countries;
mod dates;
mod invoices;
mod rows;

use anyhow::{Context, Result};
use clap::Args;

pub use columns::ColumnMap;
pub use rows::OrderRowError;

use super::report::{DocumentCounts, ImportSummary, OrderCounts};
use super::run::{FileOptions, ImportRun};
use crate::platform::types::{Currency, Money};
use columns::InvoiceColumns;
use dates::Dates;
use invoices::Invoices;
use rows::RowParser;

/// Arguments of `mercer import orders`.
#[derive(Debug, Clone, Args)]
pub struct OrdersCommand {
    #[command(flatten)]
    pub file: FileOptions,
    /// Names of the columns if they differ from the default, such as `invoice=Nr,sku=Artikel,quantity=Menge`.
    /// Columns: invoice, sku, name, quantity, date, unit_price, customer, country
    #[arg(long, value_name = "NAME=COLUMN,…", default_value = "")]
    pub map: ColumnMap,
    /// Currency of all prices, such as GBP [default: the currency of the channel]
    #[arg(long, value_name = "CODE", value_parser = parse_currency)]
    pub currency: Option<Currency>,
    /// Slug of the channel of the orders [default: the default channel]
    #[arg(long, value_name = "SLUG")]
    pub channel: Option<String>,
    /// Prefix to add to every invoice number
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub number_prefix: String,
    /// Prefix of the numbers of credit notes, in upper or lower case; empty if the file has none
    #[arg(long, value_name = "TEXT", default_value = "C")]
    pub credit_prefix: String,
    /// Format of the dates, such as `%m/%d/%Y %H:%M`; can be repeated
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Vec<String>,
}

impl OrdersCommand {
    /// Creates a command with default options.
    pub fn new(file: FileOptions) -> Self {
        Self {
            file,
            map: ColumnMap::default(),
            currency: None,
            channel: None,
            number_prefix: String::new(),
            credit_prefix: "C".to_owned(),
            date_format: Vec::new(),
        }
    }
}

fn parse_currency(code: &str) -> Result<Currency, String> {
    code.parse().map_err(|_| "not an ISO 4217 code".to_owned())
}

/// Reads the whole file, then writes its documents in batches.
pub(super) fn import(import: &mut ImportRun<'_>, command: &OrdersCommand) -> Result<ImportSummary> {
    let channel = import.find_channel(command.channel.as_deref())?;
    let currency = command.currency.unwrap_or(channel.currency);
    let columns = InvoiceColumns::find(&import.table, &command.map)?;
    let invoices = read(import, command, &columns, currency)?;

    let mut counts = OrderCounts {
        orders: DocumentCounts::zero(Money::zero(currency)),
        returns: DocumentCounts::zero(Money::zero(currency)),
        lines_without_customer: 0,
    };
    import.progress.begin("Writing", Some(invoices.line_count()));
    for documents in invoices.documents().chunks(import.options.batch) {
        let existing = batch::write_batch(import, channel.id, &invoices, documents)?;
        for document in documents {
            let existing_lines = existing.get(document.number.as_ref()).copied();
            counts.count(document, existing_lines)?;
            for line in document.lines.iter().skip(existing_lines.unwrap_or(usize::MAX)) {
                let reason = OrderRowError::LineAddedLater.to_string();
                import.rejections.reject_with(line.row, &reason, || columns.rebuild(document, line))?;
            }
        }
        let lines = documents.iter().map(|document| document.lines.len()).sum::<usize>();
        import.progress.advance(u64::try_from(lines)?)?;
    }
    Ok(ImportSummary::Orders(counts))
}

fn read(
    import: &mut ImportRun<'_>,
    command: &OrdersCommand,
    columns: &InvoiceColumns,
    currency: Currency,
) -> Result<Invoices> {
    let mut parser = RowParser {
        columns,
        currency,
        number_prefix: &command.number_prefix,
        credit_prefix: &command.credit_prefix,
        dates: Dates::new(&command.date_format),
    };
    let mut invoices = Invoices::new(currency);
    import.progress.begin("Reading", None);
    while let Some(row) = import.table.next_row()? {
        let added = parser.parse(&row).and_then(|parsed| invoices.add(&parsed));
        if let Err(error) = added {
            import.rejections.reject(&row, &error.to_string())?;
        }
        import.progress.advance(1)?;
    }
    parser.dates.ensure_day_comes_first()?;
    Ok(invoices)
}

impl OrderCounts {
    /// Counts a document. `existing_lines` is its number of lines before the import, if it existed.
    fn count(&mut self, document: &invoices::Document, existing_lines: Option<usize>) -> Result<()> {
        let lines = document.lines.len().min(existing_lines.unwrap_or(usize::MAX));
        let lines = u64::try_from(lines)?;
        let documents = if document.is_credit { &mut self.returns } else { &mut self.orders };
        match existing_lines {
            None => {
                documents.new += 1;
                documents.new_lines += lines;
            }
            Some(_) => {
                documents.existing += 1;
                documents.existing_lines += lines;
            }
        }
        let total = document.total_of(usize::try_from(lines)?)?;
        let sum = if document.is_credit { documents.total.minus(total) } else { documents.total.plus(total) };
        documents.total = sum.context("the total of all documents exceeds the maximum amount")?;
        if !document.is_credit && document.customer.is_none() {
            self.lines_without_customer += lines;
        }
        Ok(())
    }
}
