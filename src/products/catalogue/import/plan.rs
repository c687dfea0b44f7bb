//! Plan of a product import: compares the rows of a file with the stored catalogue.

use std::collections::{HashMap, HashSet};

use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::batch::{ImportBatch, ProductDiff, StoredVariantId};
use super::error::CatalogueImportError;
use super::models::{StoredVariant, lock_products};
use super::rows::{ProductRow, VariantRow};
use crate::platform::types::Money;
use crate::platform::write_context::WriteContext;
use crate::products::catalogue::models::Product;
use crate::products::categories::import::{RowOutcome, resolve};
use crate::products::channels::Channel;
use crate::products::ids::{CategoryId, ProductId, VariantId};
use crate::products::pricing::{NewPrice, VariantPrice};
use crate::products::stock::{Stock, StockCount, lock_first_warehouse_levels, minimum_quantity};

/// Key of the advisory lock that serializes product imports.
const IMPORT_LOCK: i64 = 0x4c_4953_5449_4e47;

/// Stored or new variant of an accepted row.
struct PlannedVariant {
    id: VariantId,
    is_new: bool,
}

/// Planned variant of a row, or the reason of its rejection.
type PlannedRow = Result<PlannedVariant, String>;

/// Creates and updates products from the rows. Returns the outcome of each variant row, in the order of the rows.
pub fn import_products(
    conn: &mut PgConnection,
    channel: &Channel,
    rows: &[ProductRow],
    context: &WriteContext,
) -> Result<Vec<RowOutcome>, CatalogueImportError> {
    diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<BigInt, _>(IMPORT_LOCK).execute(conn)?;
    let stored = StoredCatalogue::load(conn, channel, rows)?;
    let mut batch = ImportBatch::default();
    let planned = stored.plan(rows, &mut batch);
    let updated = batch.write(conn, channel, &stored.levels, context)?;
    let outcomes = planned.into_iter().map(|planned| match planned {
        Ok(PlannedVariant { is_new: true, .. }) => RowOutcome::Created,
        Ok(PlannedVariant { id, .. }) if updated.contains(&id) => RowOutcome::Updated,
        Ok(_) => RowOutcome::Unchanged,
        Err(reason) => RowOutcome::Rejected(reason),
    });
    Ok(outcomes.collect())
}

/// Stored data of the SKUs and categories of a batch.
struct StoredCatalogue {
    variants: HashMap<String, StoredVariant>,
    products: HashMap<ProductId, Product>,
    prices: HashMap<VariantId, Money>,
    levels: HashMap<VariantId, Stock>,
    categories: HashMap<String, CategoryId>,
}

impl StoredCatalogue {
    fn load(conn: &mut PgConnection, channel: &Channel, rows: &[ProductRow]) -> Result<Self, CatalogueImportError> {
        let skus = rows.iter().flat_map(|product| &product.variants);
        let skus: Vec<&str> = skus.map(|variant| variant.sku.as_str()).collect();
        let variants = StoredVariant::find_by_sku(conn, &skus)?;
        let product_ids: Vec<ProductId> = variants.iter().map(|variant| variant.product_id).collect();
        let variant_ids: Vec<VariantId> = variants.iter().map(|variant| variant.id).collect();
        let references: Vec<&str> = rows.iter().filter_map(|product| product.category.as_deref()).collect();
        let by_sku = variants.into_iter().map(|variant| (variant.requested_sku.clone(), variant));
        Ok(Self {
            variants: by_sku.collect(),
            products: lock_products(conn, &product_ids)?,
            prices: VariantPrice::load_for_variants(conn, channel.id, &variant_ids)?,
            levels: lock_first_warehouse_levels(conn, &variant_ids)?,
            categories: resolve(conn, &references)?,
        })
    }

    fn plan<'a>(&self, rows: &'a [ProductRow], batch: &mut ImportBatch<'a>) -> Vec<PlannedRow> {
        let mut planned = Vec::new();
        for product in rows {
            match self.category_of(product) {
                Ok(category) => planned.extend(self.plan_product(product, category, batch)),
                Err(reason) => planned.extend(product.variants.iter().map(|_| Err(reason.clone()))),
            }
        }
        planned
    }

    fn category_of(&self, product: &ProductRow) -> Result<Option<CategoryId>, String> {
        let Some(reference) = &product.category else {
            return Ok(None);
        };
        let found = self.categories.get(reference).copied();
        found.map(Some).ok_or_else(|| format!("the category {reference:?} does not exist"))
    }

    fn plan_product<'a>(
        &self,
        product: &'a ProductRow,
        category: Option<CategoryId>,
        batch: &mut ImportBatch<'a>,
    ) -> Vec<PlannedRow> {
        let known = product.variants.iter().filter_map(|variant| self.variants.get(&variant.sku));
        // New variants belong to the product of the stored variants of the row.
        let mut product_of_row = known.map(|variant| variant.product_id).next();
        let mut planned = Vec::with_capacity(product.variants.len());
        let mut touched = HashSet::new();
        for (position, variant) in (0..).zip(&product.variants) {
            planned.push(match self.variants.get(&variant.sku) {
                Some(stored) => self.check_stock(variant, stored).map(|()| {
                    touched.insert(stored.product_id);
                    self.plan_stored(product, variant, stored, batch);
                    PlannedVariant { id: stored.id, is_new: false }
                }),
                None => {
                    let product_id = *product_of_row.get_or_insert_with(|| batch.add_product(product, category));
                    let id = batch.add_variant(variant, product_id, position);
                    Ok(PlannedVariant { id, is_new: true })
                }
            });
        }
        let stored = touched.iter().filter_map(|id| self.products.get(id));
        let updated = |stored: &Product| {
            Some(ProductDiff { before: stored.clone(), after: updated_product(stored, product, category)? })
        };
        batch.updated_products.extend(stored.filter_map(updated));
        planned
    }

    fn check_stock(&self, variant: &VariantRow, stored: &StoredVariant) -> Result<(), String> {
        let minimum = self.levels.get(&stored.id).map_or(0, minimum_quantity);
        if variant.stock.is_some_and(|quantity| quantity < minimum) {
            return Err(format!("the stock is less than the {minimum} that are allocated to orders"));
        }
        Ok(())
    }

    fn plan_stored(
        &self,
        product: &ProductRow,
        variant: &VariantRow,
        stored: &StoredVariant,
        batch: &mut ImportBatch<'_>,
    ) {
        batch.updated_variants.extend(updated_variant(stored, product, variant));
        let price = self.prices.get(&stored.id).map(|price| price.amount());
        let new_price = variant.price.filter(|new| Some(*new) != price);
        batch.prices.extend(new_price.map(|amount| NewPrice { variant_id: stored.id, amount }));
        batch.counts.extend(variant.stock.map(|quantity| StockCount { variant: stored.id, quantity }));
        batch.stored_variants.push(StoredVariantId { id: stored.id, product_id: stored.product_id });
    }
}

/// Returns the product with the values of the row if they differ from the stored ones.
fn updated_product(stored: &Product, row: &ProductRow, category: Option<CategoryId>) -> Option<Product> {
    let mut target = stored.clone();
    target.name.clone_from(&row.name);
    target.category_id = category.or(stored.category_id);
    if let Some(description) = &row.description {
        target.description.clone_from(description);
    }
    if let Some(is_active) = row.is_active {
        target.is_active = is_active;
        target.archived_at = stored.archived_at.filter(|_| !is_active);
    }
    let is_same = (target.category_id, target.is_active, target.archived_at)
        == (stored.category_id, stored.is_active, stored.archived_at)
        && target.name == stored.name
        && target.description == stored.description;
    (!is_same).then_some(target)
}

/// Returns the variant with the values of the row if they differ from the stored ones.
fn updated_variant(stored: &StoredVariant, product: &ProductRow, row: &VariantRow) -> Option<StoredVariant> {
    let mut target = stored.clone();
    if let Some(options) = &row.options {
        target.options.clone_from(options);
    }
    target.archived_at = stored.archived_at.filter(|_| product.is_active != Some(true));
    (target != *stored).then_some(target)
}
