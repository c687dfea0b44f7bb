//! Columns of a file of invoice lines.

use std::str::FromStr;

use anyhow::Result;

use super::invoices::{Document, InvoiceLine};
use crate::cli::import::table::{Column, Table};

/// Columns of an invoice line, with their names in the Online Retail data set.
const KNOWN_COLUMNS: [(&str, &str); 8] = [
    ("invoice", "InvoiceNo"),
    ("sku", "StockCode"),
    ("name", "Description"),
    ("quantity", "Quantity"),
    ("date", "InvoiceDate"),
    ("unit_price", "UnitPrice"),
    ("customer", "CustomerID"),
    ("country", "Country"),
];

/// Column names of a file that differ from the default names.
#[derive(Debug, Clone, Default)]
pub struct ColumnMap(Vec<(&'static str, String)>);

impl FromStr for ColumnMap {
    type Err = String;

    /// Parses pairs such as `invoice=Nr,sku=Artikel`.
    fn from_str(text: &str) -> Result<Self, String> {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
            let (name, column) = pair.split_once('=').ok_or_else(|| format!("{pair:?} is not NAME=COLUMN"))?;
            let known = KNOWN_COLUMNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
            match known {
                Some((known, _)) => Ok((*known, column.trim().to_owned())),
                None => {
                    Err(format!("{:?} is not one of {}", name.trim(), KNOWN_COLUMNS.map(|(known, _)| known).join(", ")))
                }
            }
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

impl ColumnMap {
    fn name_of(&self, known: &str) -> &str {
        let mapped = self.0.iter().rev().find(|(name, _)| *name == known).map(|(_, column)| column.as_str());
        let default = || KNOWN_COLUMNS.iter().find(|(name, _)| *name == known).map(|(_, default)| *default);
        mapped.or_else(default).unwrap_or_default()
    }

    fn has(&self, known: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == known)
    }
}

/// Positions of the columns of a file of invoice lines.
pub(super) struct InvoiceColumns {
    pub invoice: Column,
    pub sku: Column,
    pub name: Option<Column>,
    pub quantity: Column,
    pub date: Column,
    pub unit_price: Column,
    pub customer: Option<Column>,
    pub country: Option<Column>,
    width: usize,
}

impl InvoiceColumns {
    /// Finds the columns. Name, customer and country are optional unless the map names them.
    pub fn find(table: &Table, map: &ColumnMap) -> Result<Self> {
        let require = |known| table.require(map.name_of(known));
        let find = |known| {
            if map.has(known) { require(known).map(Some) } else { Ok(table.find(map.name_of(known))) }
        };
        Ok(Self {
            invoice: require("invoice")?,
            sku: require("sku")?,
            name: find("name")?,
            quantity: require("quantity")?,
            date: require("date")?,
            unit_price: require("unit_price")?,
            customer: find("customer")?,
            country: find("country")?,
            width: table.headers().len(),
        })
    }

    /// Reconstructs the row of a line from the parsed values, for the report of rejected rows.
    pub fn rebuild(&self, document: &Document, line: &InvoiceLine) -> Vec<String> {
        let sign = if document.is_credit { "-" } else { "" };
        let known = [
            (Some(self.invoice), document.number.to_string()),
            (Some(self.sku), line.sku.to_string()),
            (self.name, line.name.as_deref().unwrap_or_default().to_owned()),
            (Some(self.quantity), format!("{sign}{}", line.quantity.get())),
            (Some(self.date), document.date.format("%Y-%m-%d %H:%M:%S").to_string()),
            (Some(self.unit_price), line.unit_price.to_string()),
            (self.customer, document.customer.as_deref().unwrap_or_default().to_owned()),
            (self.country, document.country.as_deref().unwrap_or_default().to_owned()),
        ];
        let mut fields = vec![String::new(); self.width];
        for (column, text) in known {
            if let Some(field) = column.and_then(|column| fields.get_mut(column.index())) {
                *field = text;
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_map_overrides_default_names() {
        let map: ColumnMap = "invoice=Nr, SKU = Artikel".parse().unwrap();
        assert_eq!(map.name_of("invoice"), "Nr");
        assert_eq!(map.name_of("sku"), "Artikel");
        assert_eq!(map.name_of("date"), "InvoiceDate");
    }

    #[test]
    fn column_map_rejects_unknown_columns() {
        assert!("invoice".parse::<ColumnMap>().is_err());
        assert!("colour=Farbe".parse::<ColumnMap>().unwrap_err().contains("unit_price"));
    }
}
