//! Products from `sku,name,description,category,price,currency,stock,options,is_active`.
//!
//! Only `sku` and `name` are needed. What has no column, or an empty cell, stays as it is.
//!
//! - A variant's identity is its SKU, without regard to case; a row that repeats one is refused.
//! - Rows directly below each other with the same name, each with options, are variants of one product.
//! - `category` is a slug, an external id, or a path such as `Kitchen > Cookware`.
//! - `price` is for the channel (`--channel`, else the default one), whose `currency` it must have.
//! - `stock` is what a count of the first warehouse finds; the difference is written into the ledger.
//! - `options` are pairs such as `size=20 cm; colour=Sage`, or a JSON object.
//! - `is_active` is `true` or `false` (also yes/no, 1/0). True takes an archived product out of the archive.

use std::borrow::Cow;
use std::collections::HashSet;

use anyhow::{Context, Result};
use clap::Args;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::numbers::{parse_amount, parse_whole};
use super::report::{Changes, Figures};
use super::table::{Column, Row, Table};
use super::{FileOptions, Import};
use crate::platform::audit::Origin;
use crate::platform::types::Currency;
use crate::products::catalogue::import::{ListedProduct, ListedVariant, import_listing};
use crate::products::channels::Channel;

const MAX_SKU: usize = 64;
const MAX_NAME: usize = 250;

/// Products.
#[derive(Debug, Clone, Args)]
pub struct ProductsCommand {
    #[command(flatten)]
    pub file: FileOptions,
    /// The channel that the prices are for, by its slug [default: the default channel]
    #[arg(long, value_name = "SLUG")]
    pub channel: Option<String>,
}

/// Reads and writes batch by batch.
pub(super) fn import(import: &mut Import<'_>, command: &ProductsCommand) -> Result<Figures> {
    let channel = find_channel(import, command.channel.as_deref())?;
    let columns = Columns::of(&import.table, channel.currency)?;
    let mut seen = HashSet::new();
    let mut batch = Batch::default();
    let mut changes = Changes::default();
    import.progress.begin("Importing", None);
    while let Some(row) = import.table.next_row()? {
        let parsed = columns.parse(&row).and_then(|product| {
            let is_first = product.variants.iter().all(|variant| seen.insert(variant.sku.to_lowercase()));
            is_first.then_some(product).ok_or("an earlier row has the same SKU")
        });
        match parsed {
            Err(reason) => import.refusals.refuse(&row, reason)?,
            Ok(product) => {
                let original = (row.line(), row.fields());
                if let Some(product) = batch.join(product) {
                    if batch.originals.len() >= import.options.batch {
                        batch.write(import, &channel, &mut changes)?;
                    }
                    batch.listing.push(product);
                }
                batch.originals.push(original);
            }
        }
    }
    batch.write(import, &channel, &mut changes)?;
    Ok(Figures::Products(changes))
}

/// The channel of this slug, or the default one.
pub(super) fn find_channel(import: &Import<'_>, slug: Option<&str>) -> Result<Channel> {
    match slug {
        None => Ok(import.db.read_blocking(Channel::default_one)?),
        Some(slug) => {
            let channel = import.db.read_blocking(|conn| Channel::find_by_slug(conn, slug))?;
            channel.with_context(|| format!("there is no channel {slug:?}"))
        }
    }
}

/// Products that will be written together, and the rows they come from.
#[derive(Default)]
struct Batch {
    listing: Vec<ListedProduct>,
    originals: Vec<(u64, Vec<String>)>,
}

impl Batch {
    /// Adds a row to the product above it, or gives it back as a product of its own.
    fn join(&mut self, product: ListedProduct) -> Option<ListedProduct> {
        let has_options = |product: &ListedProduct| product.variants.iter().all(|variant| variant.options.is_some());
        match self.listing.last_mut() {
            Some(above) if above.name == product.name && has_options(above) && has_options(&product) => {
                above.variants.extend(product.variants);
                None
            }
            _ => Some(product),
        }
    }

    fn write(&mut self, import: &mut Import<'_>, channel: &Channel, changes: &mut Changes) -> Result<()> {
        let origin = Origin::system(import.at);
        let outcomes = import.write(|conn| import_listing(conn, channel, &self.listing, &origin))?;
        self.listing.clear();
        let rows = u64::try_from(self.originals.len())?;
        for (outcome, (line, fields)) in outcomes.into_iter().zip(self.originals.drain(..)) {
            if let Err(reason) = changes.count(outcome) {
                import.refusals.refuse_fields(line, &reason, || fields)?;
            }
        }
        import.progress.advance(rows)
    }
}

struct Columns {
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

impl Columns {
    fn of(table: &Table, channel_currency: Currency) -> Result<Self> {
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

    /// A row as a product with one variant.
    fn parse(&self, row: &Row<'_>) -> Result<ListedProduct, &'static str> {
        if row.has_nul() {
            return Err("it holds a NUL character");
        }
        let sku = row.filled(self.sku).ok_or("the SKU is missing")?;
        let name = row.filled(self.name).ok_or("the name is missing")?;
        if sku.chars().count() > MAX_SKU {
            return Err("the SKU is longer than 64 characters");
        }
        if name.chars().count() > MAX_NAME {
            return Err("the name is longer than 250 characters");
        }
        let variant = ListedVariant {
            sku: sku.into_owned(),
            options: row.filled(self.options).map(|text| parse_options(&text)).transpose()?,
            price: self.price(row)?,
            stock: row.filled(self.stock).map(|text| parse_stock(&text)).transpose()?,
        };
        Ok(ListedProduct {
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
            return Err("the currency is not the channel's");
        }
        match parse_amount(&text) {
            Ok(price) if price.is_sign_negative() && !price.is_zero() => Err("the price is negative"),
            Ok(price) => Ok(Some(price)),
            Err(_) => Err("the price is no number of at most four decimal places"),
        }
    }
}

fn parse_stock(text: &str) -> Result<i32, &'static str> {
    let quantity = parse_whole(text).ok().and_then(|quantity| i32::try_from(quantity).ok());
    quantity
        .filter(|quantity| (0..=1_000_000_000).contains(quantity))
        .ok_or("the stock is no whole number from 0 to 1,000,000,000")
}

fn parse_flag(text: &str) -> Result<bool, &'static str> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" | "t" | "y" => Ok(true),
        "false" | "no" | "0" | "f" | "n" => Ok(false),
        _ => Err("is_active is neither true nor false"),
    }
}

fn parse_options(text: &str) -> Result<Value, &'static str> {
    const WRONG: &str = "the options are no pairs such as size=20 cm; colour=Sage";
    if text.starts_with('{') {
        return serde_json::from_str::<Map<String, Value>>(text).map(Value::Object).map_err(|_| WRONG);
    }
    let mut options = Map::new();
    for pair in text.split([';', '|']).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(WRONG)?;
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
