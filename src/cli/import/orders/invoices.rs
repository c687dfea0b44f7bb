//! Documents of a file in memory, with their lines. Each distinct text is stored once.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::rows::{InvoiceRow, OrderRowError};
use crate::orders::lifecycle::import::line_total;
use crate::platform::types::{Currency, Money, MoneyError, Quantity};
use crate::products::catalogue::import::HistoricalProduct;

/// Invoice or credit note.
#[derive(Debug)]
pub(super) struct Document {
    pub number: Arc<str>,
    pub is_credit: bool,
    /// Earliest date of its rows.
    pub date: DateTime<Utc>,
    pub customer: Option<Arc<str>>,
    pub country: Option<Arc<str>>,
    pub total: Money,
    pub lines: Vec<InvoiceLine>,
}

/// Line of a document.
#[derive(Debug)]
pub(super) struct InvoiceLine {
    /// Line number in the file.
    pub row: u64,
    pub sku: Arc<str>,
    pub name: Option<Arc<str>>,
    pub quantity: Quantity,
    pub unit_price: Decimal,
}

impl Document {
    fn new(number: Arc<str>, row: &InvoiceRow<'_>) -> Self {
        Self {
            number,
            is_credit: row.is_credit,
            date: row.date,
            customer: None,
            country: None,
            total: Money::zero(row.total.currency()),
            lines: Vec::new(),
        }
    }

    /// Returns the total of the first `lines` lines.
    pub fn total_of(&self, lines: usize) -> Result<Money, MoneyError> {
        if lines >= self.lines.len() {
            return Ok(self.total);
        }
        let currency = self.total.currency();
        self.lines.iter().take(lines).try_fold(Money::zero(currency), |sum, line| sum.plus(line.total(currency)?))
    }
}

impl InvoiceLine {
    pub fn total(&self, currency: Currency) -> Result<Money, MoneyError> {
        line_total(Money::new(self.unit_price, currency), self.quantity)
    }
}

/// Documents of a file, in the order of their first row.
pub(super) struct Invoices {
    currency: Currency,
    documents: Vec<Document>,
    /// Index of each document, by its number.
    indices: HashMap<Arc<str>, usize>,
    texts: HashSet<Arc<str>>,
    products: HashMap<String, ProductNames>,
    line_count: u64,
}

/// SKU and names of a product in the file.
struct ProductNames {
    sku: Arc<str>,
    names: HashMap<Arc<str>, u32>,
}

impl ProductNames {
    /// Returns the most frequent name (the first in alphabetical order if several are), or the SKU.
    fn name(&self) -> &str {
        let best = self.names.iter().max_by_key(|&(name, &count)| (count, Reverse(name)));
        best.map_or(&self.sku, |(name, _)| name)
    }
}

impl Invoices {
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            documents: Vec::new(),
            indices: HashMap::new(),
            texts: HashSet::new(),
            products: HashMap::new(),
            line_count: 0,
        }
    }

    pub const fn currency(&self) -> Currency {
        self.currency
    }

    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    pub const fn line_count(&self) -> u64 {
        self.line_count
    }

    /// Adds a row to its document as the last line.
    pub fn add(&mut self, row: &InvoiceRow<'_>) -> Result<(), OrderRowError> {
        let [number, sku] = [&row.number, &row.sku].map(|text| self.intern(text));
        let [name, customer, country] =
            [&row.name, &row.customer, &row.country].map(|text| text.as_deref().map(|text| self.intern(text)));

        let known = self.indices.get(&number).and_then(|&index| self.documents.get_mut(index));
        let document = match known {
            Some(document) => document,
            None => {
                self.indices.insert(Arc::clone(&number), self.documents.len());
                self.documents.push_mut(Document::new(number, row))
            }
        };
        document.total = document.total.plus(row.total).map_err(|_| OrderRowError::AmountTooLarge)?;
        document.date = document.date.min(row.date);
        document.customer = document.customer.take().or(customer);
        document.country = document.country.take().or(country);
        document.lines.push(InvoiceLine {
            row: row.line,
            sku: Arc::clone(&sku),
            name: name.clone(),
            quantity: row.quantity,
            unit_price: row.unit_price,
        });
        self.line_count += 1;
        self.count_name(sku, name);
        Ok(())
    }

    /// Returns SKU and name for a product that is created for the line.
    pub fn product<'a>(&'a self, line: &'a InvoiceLine) -> HistoricalProduct<'a> {
        match self.products.get(&line.sku.to_lowercase()) {
            Some(product) => HistoricalProduct { sku: &product.sku, name: product.name() },
            None => HistoricalProduct { sku: &line.sku, name: &line.sku },
        }
    }

    /// Counts a name of the product.
    fn count_name(&mut self, sku: Arc<str>, name: Option<Arc<str>>) {
        let product =
            self.products.entry(sku.to_lowercase()).or_insert_with(|| ProductNames { sku, names: HashMap::new() });
        if let Some(name) = name {
            *product.names.entry(name).or_default() += 1;
        }
    }

    /// Returns the shared copy of a text.
    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(interned) = self.texts.get(text) {
            return Arc::clone(interned);
        }
        let interned: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&interned));
        interned
    }
}
