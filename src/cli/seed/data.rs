//! Data of the demo shop: three CSV files, compiled into the binary.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(super) const CATEGORIES: &str = include_str!("categories.csv");
pub(super) const PRODUCTS: &str = include_str!("products.csv");
pub(super) const CUSTOMERS: &str = include_str!("customers.csv");

#[derive(Debug, Deserialize)]
pub(super) struct CategoryRow {
    pub slug: String,
    /// Empty for a root category.
    pub parent: String,
    pub name: String,
    pub description: String,
}

/// Row of a variant. Consecutive rows with the same name form one product.
#[derive(Debug, Deserialize)]
pub(super) struct ProductRow {
    pub sku: String,
    pub category: String,
    pub name: String,
    pub description: String,
    pub price: Decimal,
    pub stock: i32,
    options: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CustomerRow {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub postal_code: String,
    pub area: String,
    pub country: String,
}

impl ProductRow {
    /// Returns the options, written as `size=M;colour=Blue`, as pairs.
    pub fn options(&self) -> Vec<(String, String)> {
        let pairs = self.options.split(';').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<Vec<T>> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<_, _>>();
    rows.context("cannot read the demo data")
}

/// Returns the rows grouped by product.
pub(super) fn read_products() -> Result<Vec<Vec<ProductRow>>> {
    let mut products: Vec<Vec<ProductRow>> = Vec::new();
    for row in read::<ProductRow>(PRODUCTS)? {
        match products.last_mut() {
            Some(product) if product.last().is_some_and(|last| last.name == row.name) => product.push(row),
            _ => products.push(vec![row]),
        }
    }
    Ok(products)
}

/// Returns the opening time of the demo shop.
pub(super) fn opening() -> Result<DateTime<Utc>> {
    "2026-01-05T08:00:00Z".parse().context("the opening time is invalid")
}
