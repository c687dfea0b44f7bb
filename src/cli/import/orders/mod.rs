//! Past orders from invoice lines, one a row.
//!
//! # What a row becomes
//! - Rows are grouped by invoice number over the whole file, wherever they stand. Therefore the file is read to its
//!   end before anything is written; a row takes about 100 bytes of memory, each text is kept once.
//! - An invoice becomes an order with that number (behind `--number-prefix`), delivered and paid: one fulfilment of
//!   all its lines, one charge of its total. Stock stays as it is, nobody is told, no event is published.
//! - An invoice whose number starts with `--credit-prefix` (`C`) is a credit note: a return of its own, refunded. It
//!   belongs to no order, because it does not say which one it takes back. Its quantities are negative in the
//!   file and positive in the return; the report shows its total as a negative amount.
//! - A line is known by its invoice and its place among the invoice's accepted rows, in the order of the file: two
//!   rows that look the same are two lines. Refused rows have no place; as the rules ask nothing but the file and
//!   the options, the same file gives the same places every time.
//! - An order is written whole or not at all, so that one that is there needs no second look, and a file can be
//!   imported again. Should the file have more lines of it by now, those beyond are refused: a finished order
//!   does not grow.
//!
//! # What it is made of
//! - Product: the variant of that SKU, without regard to case; one that is unknown becomes an archived product under
//!   the most frequent spelling of its name. The line keeps its own spelling of SKU and name. A row without a name
//!   takes the most frequent one that accepted rows have for its SKU, else the SKU itself.
//! - Price: what was paid. A line's total is unit price × quantity, rounded once, half away from zero, to the
//!   currency's minor unit; an order's total is the sum of its lines. Tax is not known: rate 0, net = gross.
//! - Date: the invoice's, in UTC; the earliest, where its rows have several.
//! - Customer: found or made by their id in the other shop; `17850.0` is `17850`. Where an invoice's rows name
//!   several, the first. An order of nobody has neither customer nor e-mail.
//! - Country: the first that an invoice's rows name; kept as it was written, beside its ISO code where it has one.
//!
//! # What is refused
//! Each row by itself, for the reasons that [`Refusal`] lists: among them free and negative prices, negative quantities
//! outside a credit note and positive ones inside, and numbers of the form that our own orders have.

mod columns;
mod countries;
mod dates;
mod ledger;
mod rules;
mod writing;

use anyhow::{Context, Result};
use clap::Args;

pub use columns::ColumnMap;
pub use rules::Refusal;

use super::report::{Documents, Figures, OrderFigures};
use super::{FileOptions, Import, products};
use crate::platform::types::{Currency, Money};
use columns::Columns;
use dates::Dates;
use ledger::Ledger;
use rules::Rules;

/// Past orders.
#[derive(Debug, Clone, Args)]
pub struct OrdersCommand {
    #[command(flatten)]
    pub file: FileOptions,
    /// The file's columns, where they are named otherwise: `invoice=Nr,sku=Artikel,quantity=Menge`.
    /// Known: invoice, sku, name, quantity, date, unit_price, customer, country
    #[arg(long, value_name = "NAME=COLUMN,…", default_value = "")]
    pub map: ColumnMap,
    /// The currency of all prices, such as GBP [default: the channel's]
    #[arg(long, value_name = "CODE", value_parser = parse_currency)]
    pub currency: Option<Currency>,
    /// The channel that the orders belong to, by its slug [default: the default channel]
    #[arg(long, value_name = "SLUG")]
    pub channel: Option<String>,
    /// Put before every invoice number
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub number_prefix: String,
    /// How the numbers of credit notes start, in capitals or not; empty: there are none
    #[arg(long, value_name = "TEXT", default_value = "C")]
    pub credit_prefix: String,
    /// The form of the dates, such as `%m/%d/%Y %H:%M`; may be given several times
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Vec<String>,
}

impl OrdersCommand {
    /// Everything as it is when nothing is said.
    pub fn of(file: FileOptions) -> Self {
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
    code.parse().map_err(|_| "no ISO 4217 code".to_owned())
}

/// Reads the whole file, then writes its documents batch by batch.
pub(super) fn import(import: &mut Import<'_>, command: &OrdersCommand) -> Result<Figures> {
    let channel = products::find_channel(import, command.channel.as_deref())?;
    let currency = command.currency.unwrap_or(channel.currency);
    let columns = Columns::of(&import.table, &command.map)?;
    let ledger = read(import, command, &columns, currency)?;

    let mut figures = OrderFigures {
        orders: Documents::none(Money::zero(currency)),
        returns: Documents::none(Money::zero(currency)),
        lines_without_customer: 0,
    };
    import.progress.begin("Writing", Some(ledger.line_count()));
    for documents in ledger.documents().chunks(import.options.batch) {
        let already_there = writing::write_batch(import, channel.id, &ledger, documents)?;
        for document in documents {
            let written_before = already_there.get(document.number.as_ref()).copied();
            figures.count(document, written_before)?;
            for line in document.lines.iter().skip(written_before.unwrap_or(usize::MAX)) {
                let reason = Refusal::GrownInvoice.to_string();
                import.refusals.refuse_fields(line.row, &reason, || columns.rebuild(document, line))?;
            }
        }
        let lines = documents.iter().map(|document| document.lines.len()).sum::<usize>();
        import.progress.advance(u64::try_from(lines)?)?;
    }
    Ok(Figures::Orders(figures))
}

fn read(import: &mut Import<'_>, command: &OrdersCommand, columns: &Columns, currency: Currency) -> Result<Ledger> {
    let mut rules = Rules {
        columns,
        currency,
        number_prefix: &command.number_prefix,
        credit_prefix: &command.credit_prefix,
        dates: Dates::new(&command.date_format),
    };
    let mut ledger = Ledger::new(currency);
    import.progress.begin("Reading", None);
    while let Some(row) = import.table.next_row()? {
        let taken = rules.judge(&row).and_then(|entry| ledger.enter(&entry));
        if let Err(refusal) = taken {
            import.refusals.refuse(&row, &refusal.to_string())?;
        }
        import.progress.advance(1)?;
    }
    rules.dates.ensure_day_comes_first()?;
    Ok(ledger)
}

impl OrderFigures {
    /// Counts a document, of which so many lines were there already, if it was.
    fn count(&mut self, document: &ledger::Document, written_before: Option<usize>) -> Result<()> {
        let lines = document.lines.len().min(written_before.unwrap_or(usize::MAX));
        let lines = u64::try_from(lines)?;
        let documents = if document.is_credit { &mut self.returns } else { &mut self.orders };
        match written_before {
            None => {
                documents.new += 1;
                documents.new_lines += lines;
            }
            Some(_) => {
                documents.already_there += 1;
                documents.lines_already_there += lines;
            }
        }
        let total = document.total_of(usize::try_from(lines)?)?;
        let sum = if document.is_credit { documents.total.minus(total) } else { documents.total.plus(total) };
        documents.total = sum.context("the total of all documents is beyond counting")?;
        if !document.is_credit && document.customer.is_none() {
            self.lines_without_customer += lines;
        }
        Ok(())
    }
}
