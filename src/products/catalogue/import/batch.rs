//! Changes that a batch of an import writes.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::error::CatalogueImportError;
use super::models::{StoredVariant, insert_products, insert_variants, update_product};
use super::rows::{ProductRow, VariantRow};
use super::slugs::FreeSlugs;
use crate::platform::audit::Changes;
use crate::platform::write_context::WriteContext;
use crate::products::catalogue::events::ProductTopic;
use crate::products::catalogue::models::{Product, Variant};
use crate::products::catalogue::services::{audit_fields, record};
use crate::products::channels::Channel;
use crate::products::ids::{CategoryId, ProductId, VariantId};
use crate::products::pricing::{NewPrice, set_prices};
use crate::products::slug::Slug;
use crate::products::stock::{Stock, StockCount, record_counts};

/// Stored product before and after its update.
pub(super) struct ProductDiff {
    pub before: Product,
    pub after: Product,
}

/// Stored variant with its product.
pub(super) struct StoredVariantId {
    pub id: VariantId,
    pub product_id: ProductId,
}

/// Changes of a batch.
#[derive(Default)]
pub(super) struct ImportBatch<'a> {
    pub updated_products: Vec<ProductDiff>,
    pub updated_variants: Vec<StoredVariant>,
    /// All stored variants of the batch, updated or not.
    pub stored_variants: Vec<StoredVariantId>,
    pub prices: Vec<NewPrice>,
    pub counts: Vec<StockCount>,
    new_products: Vec<NewProductRow<'a>>,
    new_variants: Vec<NewVariantRow<'a>>,
}

impl<'a> ImportBatch<'a> {
    pub fn add_product(&mut self, row: &'a ProductRow, category_id: Option<CategoryId>) -> ProductId {
        let id = ProductId::generate();
        self.new_products.push(NewProductRow { id, category_id, row });
        id
    }

    pub fn add_variant(&mut self, row: &'a VariantRow, product_id: ProductId, sort_order: i32) -> VariantId {
        let id = VariantId::generate();
        self.new_variants.push(NewVariantRow { id, product_id, sort_order, row });
        self.prices.extend(row.price.map(|amount| NewPrice { variant_id: id, amount }));
        self.counts.extend(row.stock.map(|quantity| StockCount { variant: id, quantity }));
        id
    }

    /// Writes the changes. Returns the stored variants that were updated or whose product was updated.
    pub fn write(
        &self,
        conn: &mut PgConnection,
        channel: &Channel,
        levels: &HashMap<VariantId, Stock>,
        context: &WriteContext,
    ) -> Result<HashSet<VariantId>, CatalogueImportError> {
        let mut updated = HashSet::new();
        for ProductDiff { before, after } in &self.updated_products {
            update_product(conn, after, context.at)?;
            let changes = Changes::between(&audit_fields(before), &audit_fields(after));
            record(conn, ProductTopic::Updated, after, changes, context)?;
            let variants = self.stored_variants.iter().filter(|variant| variant.product_id == after.id);
            updated.extend(variants.map(|variant| variant.id));
        }
        for variant in &self.updated_variants {
            variant.update(conn, context.at)?;
            updated.insert(variant.id);
        }
        self.insert_new(conn, context)?;
        if !self.prices.is_empty() {
            set_prices(conn, channel, &self.prices, context.at)?;
            updated.extend(self.prices.iter().map(|price| price.variant_id));
        }
        updated.extend(record_counts(conn, levels, &self.counts, context)?);
        Ok(updated)
    }

    fn insert_new(&self, conn: &mut PgConnection, context: &WriteContext) -> Result<(), CatalogueImportError> {
        let names = self.new_products.iter().map(|new| new.row.name.as_str());
        let mut slugs = FreeSlugs::find(conn, names)?;
        let products = self.new_products.iter().map(|new| new.to_row(slugs.take(&new.row.name), context.at));
        let products: Vec<Product> = products.collect();
        insert_products(conn, &products)?;
        let variants = self.new_variants.iter().map(|new| new.to_row(context.at));
        insert_variants(conn, &variants.collect::<Vec<_>>())?;
        for product in &products {
            record(conn, ProductTopic::Created, product, Changes::created(&audit_fields(product)), context)?;
        }
        Ok(())
    }
}

/// Product to insert.
struct NewProductRow<'a> {
    id: ProductId,
    category_id: Option<CategoryId>,
    row: &'a ProductRow,
}

impl NewProductRow<'_> {
    fn to_row(&self, slug: Slug, at: DateTime<Utc>) -> Product {
        Product {
            id: self.id,
            category_id: self.category_id,
            name: self.row.name.clone(),
            slug,
            description: self.row.description.clone().unwrap_or_default(),
            is_active: self.row.is_active.unwrap_or(true),
            archived_at: None,
            metadata: json!({}),
            private_metadata: json!({}),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// Variant to insert.
struct NewVariantRow<'a> {
    id: VariantId,
    product_id: ProductId,
    sort_order: i32,
    row: &'a VariantRow,
}

impl NewVariantRow<'_> {
    fn to_row(&self, at: DateTime<Utc>) -> Variant {
        Variant {
            id: self.id,
            product_id: self.product_id,
            sku: self.row.sku.clone(),
            name: self.row.options.as_ref().map(variant_name).unwrap_or_default(),
            options: self.row.options.clone().unwrap_or_else(|| json!({})),
            cost: None,
            tracks_stock: true,
            sort_order: self.sort_order,
            archived_at: None,
            created_at: at,
            updated_at: at,
        }
    }
}

/// Returns the name of a variant: the values of its options, such as `M, Sage`.
fn variant_name(options: &Value) -> String {
    let values = options.as_object().into_iter().flat_map(|options| options.values());
    let texts = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    texts.collect::<Vec<_>>().join(", ")
}
