//! The file in memory: its documents with their lines, every text kept once.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::rules::{Entry, Refusal};
use crate::orders::lifecycle::import::line_total;
use crate::platform::types::{Currency, Money, MoneyError, Quantity};

/// An order or a credit note.
#[derive(Debug)]
pub(super) struct Document {
    pub number: Arc<str>,
    pub is_credit: bool,
    /// The earliest of its rows.
    pub date: DateTime<Utc>,
    pub customer: Option<Arc<str>>,
    pub country: Option<Arc<str>>,
    pub total: Money,
    pub lines: Vec<Line>,
}

/// A line of it, in its place.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it stands in the file.
    pub row: u64,
    pub sku: Arc<str>,
    pub name: Option<Arc<str>>,
    pub quantity: Quantity,
    pub unit_price: Decimal,
}

impl Document {
    fn new(number: Arc<str>, entry: &Entry<'_>) -> Self {
        Self {
            number,
            is_credit: entry.is_credit,
            date: entry.date,
            customer: None,
            country: None,
            total: Money::zero(entry.total.currency()),
            lines: Vec::new(),
        }
    }

    /// What the first so many lines come to.
    pub fn total_of(&self, lines: usize) -> Result<Money, MoneyError> {
        if lines >= self.lines.len() {
            return Ok(self.total);
        }
        let currency = self.total.currency();
        self.lines.iter().take(lines).try_fold(Money::zero(currency), |sum, line| sum.plus(line.total(currency)?))
    }
}

impl Line {
    pub fn total(&self, currency: Currency) -> Result<Money, MoneyError> {
        line_total(Money::new(self.unit_price, currency), self.quantity)
    }
}

/// All documents of a file, in the order in which it first names them.
pub(super) struct Ledger {
    currency: Currency,
    documents: Vec<Document>,
    places: HashMap<Arc<str>, usize>,
    texts: HashSet<Arc<str>>,
    products: HashMap<String, Product>,
    line_count: u64,
}

/// What the file calls a product.
struct Product {
    sku: Arc<str>,
    names: HashMap<Arc<str>, u32>,
}

impl Product {
    /// The most frequent name (of equals the first in the alphabet), else the SKU.
    fn name(&self) -> &str {
        let best = self.names.iter().max_by_key(|&(name, &count)| (count, Reverse(name)));
        best.map_or(&self.sku, |(name, _)| name)
    }
}

impl Ledger {
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            documents: Vec::new(),
            places: HashMap::new(),
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

    /// Adds a row to its document, in the next place.
    pub fn enter(&mut self, entry: &Entry<'_>) -> Result<(), Refusal> {
        let [number, sku] = [&entry.number, &entry.sku].map(|text| self.keep(text));
        let [name, customer, country] =
            [&entry.name, &entry.customer, &entry.country].map(|text| text.as_deref().map(|text| self.keep(text)));

        let known = self.places.get(&number).and_then(|&place| self.documents.get_mut(place));
        let document = match known {
            Some(document) => document,
            None => {
                self.places.insert(Arc::clone(&number), self.documents.len());
                self.documents.push_mut(Document::new(number, entry))
            }
        };
        document.total = document.total.plus(entry.total).map_err(|_| Refusal::HugeAmount)?;
        document.date = document.date.min(entry.date);
        document.customer = document.customer.take().or(customer);
        document.country = document.country.take().or(country);
        document.lines.push(Line {
            row: entry.line,
            sku: Arc::clone(&sku),
            name: name.clone(),
            quantity: entry.quantity,
            unit_price: entry.unit_price,
        });
        self.line_count += 1;
        self.learn_name(sku, name);
        Ok(())
    }

    /// The SKU and name of a product, as a product that is made for it should have them.
    pub fn product<'a>(&'a self, line: &'a Line) -> (&'a str, &'a str) {
        match self.products.get(&line.sku.to_lowercase()) {
            Some(product) => (&product.sku, product.name()),
            None => (&line.sku, &line.sku),
        }
    }

    fn learn_name(&mut self, sku: Arc<str>, name: Option<Arc<str>>) {
        let product = self.products.entry(sku.to_lowercase()).or_insert_with(|| Product { sku, names: HashMap::new() });
        if let Some(name) = name {
            *product.names.entry(name).or_default() += 1;
        }
    }

    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.texts.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&kept));
        kept
    }
}
