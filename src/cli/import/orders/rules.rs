//! Which rows are taken, and how they are read.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::columns::Columns;
use super::dates::Dates;
use crate::cli::import::numbers::{NumberError, parse_amount, parse_whole, without_zero_places};
use crate::cli::import::table::Row;
use crate::orders::lifecycle::import::{is_reserved_number, line_total};
use crate::platform::types::{Currency, Money, Quantity};

const MAX_NUMBER: usize = 60;
const MAX_SKU: usize = 64;
const MAX_NAME: usize = 250;
const MAX_CUSTOMER: usize = 100;
const MAX_COUNTRY: usize = 100;

/// Why a row is not taken. The first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it holds a NUL character")]
    Nul,
    #[error("the invoice number is missing")]
    NoNumber,
    #[error("the invoice number, with its prefix, is longer than 60 characters")]
    LongNumber,
    #[error("the invoice number has the form of our own order numbers: use --number-prefix")]
    ReservedNumber,
    #[error("the SKU is missing")]
    NoSku,
    #[error("the SKU is longer than 64 characters")]
    LongSku,
    #[error("the name is longer than 250 characters")]
    LongName,
    #[error("the customer's id is longer than 100 characters")]
    LongCustomer,
    #[error("the country is longer than 100 characters")]
    LongCountry,
    #[error("the date has none of the known forms: name yours with --date-format")]
    WrongDate,
    #[error("the quantity is no whole number")]
    WrongQuantity,
    #[error("the quantity is over 1,000,000")]
    HugeQuantity,
    #[error("the quantity is zero")]
    NoQuantity,
    #[error("the quantity is negative outside a credit note")]
    NegativeQuantity,
    #[error("the quantity is positive inside a credit note")]
    PositiveCredit,
    #[error("the price is no number")]
    WrongPrice,
    #[error("the price has more than four decimal places")]
    FinePrice,
    #[error("the price is zero: a free row is no sale")]
    Free,
    #[error("the price is negative")]
    NegativePrice,
    #[error("the amount is too large")]
    HugeAmount,
    /// Known only when the row's batch is written: see the module's rules.
    #[error("the invoice was imported before without this row")]
    GrownInvoice,
}

/// A row that is taken.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub line: u64,
    /// With the prefix.
    pub number: Cow<'a, str>,
    pub is_credit: bool,
    pub sku: Cow<'a, str>,
    pub name: Option<Cow<'a, str>>,
    /// Of a credit note: how many came back.
    pub quantity: Quantity,
    pub unit_price: Decimal,
    pub total: Money,
    pub date: DateTime<Utc>,
    pub customer: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
}

/// The rules of one import.
pub(super) struct Rules<'a> {
    pub columns: &'a Columns,
    pub currency: Currency,
    pub number_prefix: &'a str,
    pub credit_prefix: &'a str,
    pub dates: Dates<'a>,
}

impl Rules<'_> {
    pub fn judge<'r>(&mut self, row: &Row<'r>) -> Result<Entry<'r>, Refusal> {
        if row.has_nul() {
            return Err(Refusal::Nul);
        }
        let invoice = row.filled(self.columns.invoice).ok_or(Refusal::NoNumber)?;
        let is_credit = self.is_credit(&invoice);
        let number = self.number(invoice, is_credit)?;
        let sku = row.filled(self.columns.sku).ok_or(Refusal::NoSku)?;
        let sku = short(sku, MAX_SKU, Refusal::LongSku)?;
        let name = short_if_any(row.filled(self.columns.name), MAX_NAME, Refusal::LongName)?;
        let customer = row.filled(self.columns.customer).map(|id| match id {
            Cow::Borrowed(id) => Cow::Borrowed(without_zero_places(id)),
            Cow::Owned(id) => Cow::Owned(without_zero_places(&id).to_owned()),
        });
        let customer = short_if_any(customer, MAX_CUSTOMER, Refusal::LongCustomer)?;
        let country = short_if_any(row.filled(self.columns.country), MAX_COUNTRY, Refusal::LongCountry)?;
        let date = self.dates.parse(&row.text(self.columns.date)).ok_or(Refusal::WrongDate)?;
        let quantity = parse_quantity(&row.number(self.columns.quantity), is_credit)?;
        let unit_price = parse_price(&row.number(self.columns.unit_price))?;
        let total = line_total(Money::new(unit_price, self.currency), quantity).map_err(|_| Refusal::HugeAmount)?;
        Ok(Entry {
            line: row.line(),
            number,
            is_credit,
            sku,
            name,
            quantity,
            unit_price,
            total,
            date,
            customer,
            country,
        })
    }

    fn is_credit(&self, invoice: &str) -> bool {
        let start = invoice.get(..self.credit_prefix.len());
        !self.credit_prefix.is_empty() && start.is_some_and(|start| start.eq_ignore_ascii_case(self.credit_prefix))
    }

    fn number<'r>(&self, invoice: Cow<'r, str>, is_credit: bool) -> Result<Cow<'r, str>, Refusal> {
        let number = match self.number_prefix {
            "" => invoice,
            prefix => Cow::Owned(format!("{prefix}{invoice}")),
        };
        if !is_credit && is_reserved_number(&number) {
            return Err(Refusal::ReservedNumber);
        }
        short(number, MAX_NUMBER, Refusal::LongNumber)
    }
}

fn short(text: Cow<'_, str>, limit: usize, refusal: Refusal) -> Result<Cow<'_, str>, Refusal> {
    // As many bytes are as many characters or fewer.
    if text.len() <= limit || text.chars().count() <= limit { Ok(text) } else { Err(refusal) }
}

fn short_if_any(text: Option<Cow<'_, str>>, limit: usize, refusal: Refusal) -> Result<Option<Cow<'_, str>>, Refusal> {
    text.map(|text| short(text, limit, refusal)).transpose()
}

/// How many were sold or, in a credit note, came back.
fn parse_quantity(text: &str, is_credit: bool) -> Result<Quantity, Refusal> {
    let quantity = parse_whole(text).map_err(|error| match error {
        NumberError::TooLarge => Refusal::HugeQuantity,
        NumberError::NotANumber | NumberError::TooManyPlaces => Refusal::WrongQuantity,
    })?;
    match (quantity, is_credit) {
        (0, _) => Err(Refusal::NoQuantity),
        (..0, false) => Err(Refusal::NegativeQuantity),
        (1.., true) => Err(Refusal::PositiveCredit),
        _ => i32::try_from(quantity.unsigned_abs()).ok().and_then(Quantity::new).ok_or(Refusal::HugeQuantity),
    }
}

fn parse_price(text: &str) -> Result<Decimal, Refusal> {
    let price = parse_amount(text).map_err(|error| match error {
        NumberError::NotANumber => Refusal::WrongPrice,
        NumberError::TooManyPlaces => Refusal::FinePrice,
        NumberError::TooLarge => Refusal::HugeAmount,
    })?;
    if price.is_zero() {
        Err(Refusal::Free)
    } else if price.is_sign_negative() {
        Err(Refusal::NegativePrice)
    } else {
        Ok(price)
    }
}
