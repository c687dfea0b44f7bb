//! Rows of an imported catalogue file.

use rust_decimal::Decimal;
use serde_json::Value;

/// Product of a file. `None` keeps a stored value and is the default of a new product.
#[derive(Debug, Clone)]
pub struct ProductRow {
    pub name: String,
    pub description: Option<String>,
    /// Slug, external id or path of the category.
    pub category: Option<String>,
    /// True also restores an archived product.
    pub is_active: Option<bool>,
    pub variants: Vec<VariantRow>,
}

/// Variant of a product row. Its SKU occurs once in the file.
#[derive(Debug, Clone)]
pub struct VariantRow {
    pub sku: String,
    pub options: Option<Value>,
    pub price: Option<Decimal>,
    pub stock: Option<i32>,
}
