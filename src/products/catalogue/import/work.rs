//! What a batch of a listing has to write.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::error::CatalogueImportError;
use super::listing::{ListedProduct, ListedVariant};
use super::models::{StoredVariant, insert_products, insert_variants, update_product};
use super::slugs::FreeSlugs;
use crate::platform::audit::{Changes, Origin};
use crate::platform::types::{CategoryId, ProductId, Slug, VariantId};
use crate::products::catalogue::models::{Product, Variant};
use crate::products::catalogue::services::{facts_of, record};
use crate::products::channels::Channel;
use crate::products::pricing::set_prices;
use crate::products::stock::Stock;
use crate::products::stock::import::count;

/// All that is to be written.
#[derive(Default)]
pub(super) struct Work<'a> {
    /// Known products that will be otherwise: as they are, and as they will be.
    pub products: Vec<(Product, Product)>,
    /// Known variants that will be otherwise.
    pub variants: Vec<StoredVariant>,
    /// All known variants of the batch, with their products.
    pub known: Vec<(VariantId, ProductId)>,
    pub prices: Vec<(VariantId, Decimal)>,
    pub counts: Vec<(VariantId, i32)>,
    new_products: Vec<NewProduct<'a>>,
    new_variants: Vec<NewVariant<'a>>,
}

impl<'a> Work<'a> {
    pub fn add_product(&mut self, listed: &'a ListedProduct, category_id: Option<CategoryId>) -> ProductId {
        let id = ProductId::generate();
        self.new_products.push(NewProduct { id, category_id, listed });
        id
    }

    pub fn add_variant(&mut self, listed: &'a ListedVariant, product_id: ProductId, sort_order: i32) -> VariantId {
        let id = VariantId::generate();
        self.new_variants.push(NewVariant { id, product_id, sort_order, listed });
        self.prices.extend(listed.price.map(|price| (id, price)));
        self.counts.extend(listed.stock.map(|quantity| (id, quantity)));
        id
    }

    /// Writes all of it, and tells which known variants are otherwise now, they or their products.
    pub fn write(
        &self,
        conn: &mut PgConnection,
        channel: &Channel,
        levels: &HashMap<VariantId, Stock>,
        origin: &Origin,
    ) -> Result<HashSet<VariantId>, CatalogueImportError> {
        let mut changed = HashSet::new();
        for (stored, product) in &self.products {
            update_product(conn, product, origin.at)?;
            let told = Changes::between(&facts_of(stored), &facts_of(product));
            record(conn, "product.updated", product, told, origin)?;
            let variants = self.known.iter().filter(|(_, id)| *id == product.id);
            changed.extend(variants.map(|&(id, _)| id));
        }
        for variant in &self.variants {
            variant.update(conn, origin.at)?;
            changed.insert(variant.id);
        }
        self.insert_new(conn, origin)?;
        if !self.prices.is_empty() {
            set_prices(conn, channel, &self.prices, origin.at)?;
            changed.extend(self.prices.iter().map(|&(id, _)| id));
        }
        changed.extend(count(conn, levels, &self.counts, origin)?);
        Ok(changed)
    }

    fn insert_new(&self, conn: &mut PgConnection, origin: &Origin) -> Result<(), CatalogueImportError> {
        let names = self.new_products.iter().map(|new| new.listed.name.as_str());
        let mut slugs = FreeSlugs::find(conn, names)?;
        let products = self.new_products.iter().map(|new| new.row(slugs.take(&new.listed.name), origin.at));
        let products: Vec<Product> = products.collect();
        insert_products(conn, &products)?;
        let variants = self.new_variants.iter().map(|new| new.row(origin.at));
        insert_variants(conn, &variants.collect::<Vec<_>>())?;
        for product in &products {
            record(conn, "product.created", product, Changes::created(&facts_of(product)), origin)?;
        }
        Ok(())
    }
}

/// A product that is not there yet.
struct NewProduct<'a> {
    id: ProductId,
    category_id: Option<CategoryId>,
    listed: &'a ListedProduct,
}

impl NewProduct<'_> {
    fn row(&self, slug: Slug, at: DateTime<Utc>) -> Product {
        Product {
            id: self.id,
            category_id: self.category_id,
            name: self.listed.name.clone(),
            slug,
            description: self.listed.description.clone().unwrap_or_default(),
            is_active: self.listed.is_active.unwrap_or(true),
            archived_at: None,
            metadata: json!({}),
            private_metadata: json!({}),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A variant that is not there yet.
struct NewVariant<'a> {
    id: VariantId,
    product_id: ProductId,
    sort_order: i32,
    listed: &'a ListedVariant,
}

impl NewVariant<'_> {
    fn row(&self, at: DateTime<Utc>) -> Variant {
        Variant {
            id: self.id,
            product_id: self.product_id,
            sku: self.listed.sku.clone(),
            name: self.listed.options.as_ref().map(name_of).unwrap_or_default(),
            options: self.listed.options.clone().unwrap_or_else(|| json!({})),
            cost: None,
            tracks_stock: true,
            sort_order: self.sort_order,
            archived_at: None,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A variant is called by the values of its options: `M, Sage`.
fn name_of(options: &Value) -> String {
    let values = options.as_object().into_iter().flat_map(|options| options.values());
    let shown = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    shown.collect::<Vec<_>>().join(", ")
}
