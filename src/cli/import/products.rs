//! Import of products from the columns `sku,name,description,category,price,currency,stock,options,is_active`.
//!
//! Only `sku` and `name` are required. A missing column or an empty cell keeps the stored value.
//!
//! - The SKU identifies a variant; the comparison ignores case. A row that repeats a SKU is rejected.
//! - Consecutive rows with the same name and with options are variants of one product.
//! - `category` is a slug, an external id, or a path such as `Kitchen > Cookware`.
//! - `price` is the price in the channel (`--channel`, or the default channel) and must have its currency.
//! - `stock` is the counted quantity in the first warehouse; the ledger records the difference.
//! - `options` are pairs such as `size=20 cm; colour=Sage`, or a JSON object.
//! - `is_active` is `true` or `false` (also yes/no, 1/0). True restores an archived product.

use std::borrow::Cow;
use std::collections::HashSet;

use anyhow::Result;
use clap::Args;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::numbers::{parse_amount, parse_whole};
use super::report::{ImportSummary, RowCounts};
use super::run::{FileOptions, ImportRun};
use super::table::{Column, Row, SourceRow, Table};
use crate::platform::types::Currency;
use crate::products::catalogue::import::{ProductRow, VariantRow, import_products};
use crate::products::channels::Channel;

const MAX_SKU: usize = 64;
const MAX_NAME: usize = 250;

/// Arguments of `mercer import products`.
#[derive(Debug, Clone, Args)]
pub struct ProductsCommand {
    #[command(flatten)]
    pub file: FileOptions,
    /// Slug of the channel of the prices [default: the default channel]
    #[arg(long, value_name = "SLUG")]
    pub channel: Option<String>,
}

/// Reads and imports the file in batches.
pub(super) fn import(import: &mut ImportRun<'_>, command: &ProductsCommand) -> Result<ImportSummary> {
    let channel = import.find_channel(command.channel.as_deref())?;
    let columns = ProductColumns::find(&import.table, channel.currency)?;
    let mut seen = HashSet::new();
    let mut batch = ProductBatch::default();
    let mut counts = RowCounts::default();
    import.progress.begin("Importing", None);
    while let Some(row) = import.table.next_row()? {
        let parsed = columns.parse(&row).and_then(|product| {
            let is_first = product.variants.iter().all(|variant| seen.insert(variant.sku.to_lowercase()));
            is_first.then_some(product).ok_or("an earlier row has the same SKU")
        });
        match parsed {
            Err(reason) => import.rejections.reject(&row, reason)?,
            Ok(product) => {
                let source = row.source();
                if let Some(product) = batch.join(product) {
                    if batch.sources.len() >= import.options.batch {
                        batch.write(import, &channel, &mut counts)?;
                    }
                    batch.products.push(product);
                }
                batch.sources.push(source);
            }
        }
    }
    batch.write(import, &channel, &mut counts)?;
    Ok(ImportSummary::Products(counts))
}

/// Products of one transaction and the rows of the file that contain them.
#[derive(Default)]
struct ProductBatch {
    products: Vec<ProductRow>,
    sources: Vec<SourceRow>,
}

impl ProductBatch {
    /// Adds a row to the preceding product, or returns it if it is a new product.
    fn join(&mut self, product: ProductRow) -> Option<ProductRow> {
        let has_options = |product: &ProductRow| product.variants.iter().all(|variant| variant.options.is_some());
        match self.products.last_mut() {
            Some(previous) if previous.name == product.name && has_options(previous) && has_options(&product) => {
                previous.variants.extend(product.variants);
                None
            }
            _ => Some(product),
        }
    }

    fn write(&mut self, import: &mut ImportRun<'_>, channel: &Channel, counts: &mut RowCounts) -> Result<()> {
        let context = import.context;
        let outcomes = import.write(|conn| import_products(conn, channel, &self.products, context))?;
        self.products.clear();
        let rows = u64::try_from(self.sources.len())?;
        for (outcome, source) in outcomes.into_iter().zip(self.sources.drain(..)) {
            if let Err(reason) = counts.count(outcome) {
                import.rejections.reject_source(&source, &reason)?;
            }
        }
        import.progress.advance(rows)
    }
}

struct ProductColumns {
    sku: Column,
    name: Column,
    description: Option<Column>,
    category: Option<Column>,
    price: Option<Column>,
    currency: Option<Column>,
    stock: Option<Column>,
    options: Option<Column>,
    is_active: Option<Column>,
    channel_currency: Currency,
}

impl ProductColumns {
    fn find(table: &Table, channel_currency: Currency) -> Result<Self> {
        Ok(Self {
            sku: table.require("sku")?,
            name: table.require("name")?,
            description: table.find("description"),
            category: table.find("category"),
            price: table.find("price"),
            currency: table.find("currency"),
            stock: table.find("stock"),
            options: table.find("options"),
            is_active: table.find("is_active"),
            channel_currency,
        })
    }

    /// Parses a row as a product with one variant.
    fn parse(&self, row: &Row<'_>) -> Result<ProductRow, &'static str> {
        if row.has_nul() {
            return Err("the row contains a NUL character");
        }
        let sku = row.filled(self.sku).ok_or("the SKU is missing")?;
        let name = row.filled(self.name).ok_or("the name is missing")?;
        if sku.chars().count() > MAX_SKU {
            return Err("the SKU is longer than 64 characters");
        }
        if name.chars().count() > MAX_NAME {
            return Err("the name is longer than 250 characters");
        }
        let variant = VariantRow {
            sku: sku.into_owned(),
            options: row.filled(self.options).map(|text| parse_options(&text)).transpose()?,
            price: self.price(row)?,
            stock: row.filled(self.stock).map(|text| parse_stock(&text)).transpose()?,
        };
        Ok(ProductRow {
            name: name.into_owned(),
            description: row.filled(self.description).map(Cow::into_owned),
            category: row.filled(self.category).map(Cow::into_owned),
            is_active: row.filled(self.is_active).map(|text| parse_flag(&text)).transpose()?,
            variants: vec![variant],
        })
    }

    fn price(&self, row: &Row<'_>) -> Result<Option<Decimal>, &'static str> {
        let text = row.number(self.price);
        if text.is_empty() {
            return Ok(None);
        }
        let currency = row.filled(self.currency).map(|code| code.parse::<Currency>());
        if currency.is_some_and(|currency| currency.ok() != Some(self.channel_currency)) {
            return Err("the currency differs from the currency of the channel");
        }
        match parse_amount(&text) {
            Ok(price) if price.is_sign_negative() && !price.is_zero() => Err("the price is negative"),
            Ok(price) => Ok(Some(price)),
            Err(_) => Err("the price is not a number with at most four decimal places"),
        }
    }
}

fn parse_stock(text: &str) -> Result<i32, &'static str> {
    let quantity = parse_whole(text).ok().and_then(|quantity| i32::try_from(quantity).ok());
    quantity
        .filter(|quantity| (0..=1_000_000_000).contains(quantity))
        .ok_or("the stock is not a whole number from 0 to 1,000,000,000")
}

fn parse_flag(text: &str) -> Result<bool, &'static str> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" | "t" | "y" => Ok(true),
        "false" | "no" | "0" | "f" | "n" => Ok(false),
        _ => Err("is_active is neither true nor false"),
    }
}

fn parse_options(text: &str) -> Result<Value, &'static str> {
    const INVALID: &str = "the options are not pairs such as size=20 cm; colour=Sage";
    if text.starts_with('{') {
        return serde_json::from_str::<Map<String, Value>>(text).map(Value::Object).map_err(|_| INVALID);
    }
    let mut options = Map::new();
    for pair in text.split([';', '|']).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(INVALID)?;
        options.insert(name.trim().to_owned(), Value::from(value.trim()));
    }
    Ok(Value::Object(options))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_are_pairs_or_json() {
        assert_eq!(parse_options("size=20 cm").unwrap(), json!({"size": "20 cm"}));
        assert_eq!(parse_options("size = S; colour=Sage").unwrap(), json!({"size": "S", "colour": "Sage"}));
        assert_eq!(parse_options(r#"{"size": 20}"#).unwrap(), json!({"size": 20}));
        assert!(parse_options("large").is_err());
        assert!(parse_options("{size}").is_err());
    }

    #[test]
    fn stock_is_a_whole_number() {
        assert_eq!(parse_stock("12.0"), Ok(12));
        assert!(parse_stock("-1").is_err());
        assert!(parse_stock("1.5").is_err());
        assert!(parse_stock("3000000000").is_err());
    }
}
