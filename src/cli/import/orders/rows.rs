//! Parsing and validation of invoice rows.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::columns::InvoiceColumns;
use super::dates::Dates;
use crate::cli::import::numbers::{NumberError, parse_amount, parse_whole, without_zero_decimals};
use crate::cli::import::table::Row;
use crate::orders::lifecycle::import::{is_reserved_number, line_total};
use crate::platform::types::{Currency, Money, Quantity};

const MAX_NUMBER: usize = 60;
const MAX_SKU: usize = 64;
const MAX_NAME: usize = 250;
const MAX_CUSTOMER: usize = 100;
const MAX_COUNTRY: usize = 100;

/// Reason of the rejection of a row. If several apply, the first in this order is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderRowError {
    #[error("the row contains a NUL character")]
    NulCharacter,
    #[error("the invoice number is missing")]
    NumberMissing,
    #[error("the invoice number, with its prefix, is longer than 60 characters")]
    NumberTooLong,
    #[error("the invoice number has the format of Mercer's order numbers: use --number-prefix")]
    ReservedNumber,
    #[error("the SKU is missing")]
    SkuMissing,
    #[error("the SKU is longer than 64 characters")]
    SkuTooLong,
    #[error("the name is longer than 250 characters")]
    NameTooLong,
    #[error("the customer id is longer than 100 characters")]
    CustomerTooLong,
    #[error("the country is longer than 100 characters")]
    CountryTooLong,
    #[error("the date has an unknown format: specify it with --date-format")]
    InvalidDate,
    #[error("the quantity is not a whole number")]
    InvalidQuantity,
    #[error("the quantity is greater than 1,000,000")]
    QuantityTooLarge,
    #[error("the quantity is zero")]
    ZeroQuantity,
    #[error("the quantity is negative outside a credit note")]
    NegativeQuantity,
    #[error("the quantity is positive inside a credit note")]
    PositiveCreditQuantity,
    #[error("the price is not a number")]
    InvalidPrice,
    #[error("the price has more than four decimal places")]
    TooManyDecimalPlaces,
    #[error("the price is zero")]
    ZeroPrice,
    #[error("the price is negative")]
    NegativePrice,
    #[error("the amount is too large")]
    AmountTooLarge,
    /// Detected only when the batch is written; see the module documentation.
    #[error("the invoice was imported before without this row")]
    LineAddedLater,
}

/// Accepted row of an invoice or credit note.
#[derive(Debug, Clone)]
pub(super) struct InvoiceRow<'a> {
    pub line: u64,
    /// Number with the prefix.
    pub number: Cow<'a, str>,
    pub is_credit: bool,
    pub sku: Cow<'a, str>,
    pub name: Option<Cow<'a, str>>,
    /// Sold quantity, or returned quantity of a credit note; always positive.
    pub quantity: Quantity,
    pub unit_price: Decimal,
    pub total: Money,
    pub date: DateTime<Utc>,
    pub customer: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
}

/// Parser with the options of one import.
pub(super) struct RowParser<'a> {
    pub columns: &'a InvoiceColumns,
    pub currency: Currency,
    pub number_prefix: &'a str,
    pub credit_prefix: &'a str,
    pub dates: Dates<'a>,
}

impl RowParser<'_> {
    /// Parses and validates a row.
    pub fn parse<'r>(&mut self, row: &Row<'r>) -> Result<InvoiceRow<'r>, OrderRowError> {
        if row.has_nul() {
            return Err(OrderRowError::NulCharacter);
        }
        let invoice = row.filled(self.columns.invoice).ok_or(OrderRowError::NumberMissing)?;
        let is_credit = self.is_credit(&invoice);
        let number = self.number(invoice, is_credit)?;
        let sku = row.filled(self.columns.sku).ok_or(OrderRowError::SkuMissing)?;
        let sku = limit_length(sku, MAX_SKU, OrderRowError::SkuTooLong)?;
        let name = limit_optional_length(row.filled(self.columns.name), MAX_NAME, OrderRowError::NameTooLong)?;
        let customer = row.filled(self.columns.customer).map(|id| match id {
            Cow::Borrowed(id) => Cow::Borrowed(without_zero_decimals(id)),
            Cow::Owned(id) => Cow::Owned(without_zero_decimals(&id).to_owned()),
        });
        let customer = limit_optional_length(customer, MAX_CUSTOMER, OrderRowError::CustomerTooLong)?;
        let country =
            limit_optional_length(row.filled(self.columns.country), MAX_COUNTRY, OrderRowError::CountryTooLong)?;
        let date = self.dates.parse(&row.text(self.columns.date)).ok_or(OrderRowError::InvalidDate)?;
        let quantity = parse_quantity(&row.number(self.columns.quantity), is_credit)?;
        let unit_price = parse_price(&row.number(self.columns.unit_price))?;
        let total =
            line_total(Money::new(unit_price, self.currency), quantity).map_err(|_| OrderRowError::AmountTooLarge)?;
        Ok(InvoiceRow {
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

    fn number<'r>(&self, invoice: Cow<'r, str>, is_credit: bool) -> Result<Cow<'r, str>, OrderRowError> {
        let number = match self.number_prefix {
            "" => invoice,
            prefix => Cow::Owned(format!("{prefix}{invoice}")),
        };
        if !is_credit && is_reserved_number(&number) {
            return Err(OrderRowError::ReservedNumber);
        }
        limit_length(number, MAX_NUMBER, OrderRowError::NumberTooLong)
    }
}

fn limit_length(text: Cow<'_, str>, limit: usize, error: OrderRowError) -> Result<Cow<'_, str>, OrderRowError> {
    // A text has at most as many characters as bytes.
    if text.len() <= limit || text.chars().count() <= limit { Ok(text) } else { Err(error) }
}

fn limit_optional_length(
    text: Option<Cow<'_, str>>,
    limit: usize,
    error: OrderRowError,
) -> Result<Option<Cow<'_, str>>, OrderRowError> {
    text.map(|text| limit_length(text, limit, error)).transpose()
}

/// Parses the sold quantity or, of a credit note, the returned quantity.
fn parse_quantity(text: &str, is_credit: bool) -> Result<Quantity, OrderRowError> {
    let quantity = parse_whole(text).map_err(|error| match error {
        NumberError::TooLarge => OrderRowError::QuantityTooLarge,
        NumberError::NotANumber | NumberError::TooManyDecimalPlaces => OrderRowError::InvalidQuantity,
    })?;
    match (quantity, is_credit) {
        (0, _) => Err(OrderRowError::ZeroQuantity),
        (..0, false) => Err(OrderRowError::NegativeQuantity),
        (1.., true) => Err(OrderRowError::PositiveCreditQuantity),
        _ => i32::try_from(quantity.unsigned_abs()).ok().and_then(Quantity::new).ok_or(OrderRowError::QuantityTooLarge),
    }
}

fn parse_price(text: &str) -> Result<Decimal, OrderRowError> {
    let price = parse_amount(text).map_err(|error| match error {
        NumberError::NotANumber => OrderRowError::InvalidPrice,
        NumberError::TooManyDecimalPlaces => OrderRowError::TooManyDecimalPlaces,
        NumberError::TooLarge => OrderRowError::AmountTooLarge,
    })?;
    if price.is_zero() {
        Err(OrderRowError::ZeroPrice)
    } else if price.is_sign_negative() {
        Err(OrderRowError::NegativePrice)
    } else {
        Ok(price)
    }
}
