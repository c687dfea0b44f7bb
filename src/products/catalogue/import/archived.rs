//! Archived products for variants that only variant orders contain.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::error::CatalogueImportError;
use super::models::{StoredVariant, insert_products, insert_variants};
use super::slugs::FreeSlugs;
use crate::products::catalogue::models::{Product, Variant};
use crate::products::ids::{ProductId, VariantId};
use crate::products::slug::Slug;

/// Variant of a variant order line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoricalVariant {
    pub product_id: ProductId,
    pub variant_id: VariantId,
}

/// SKU and product name of a variant order line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoricalProduct<'a> {
    pub sku: &'a str,
    pub name: &'a str,
}

/// Returns the variants of the SKUs, by their lower-case SKUs. Each SKU must occur once.
///
/// Stored variants stay unchanged. An unknown SKU becomes an archived product with one variant, without category, price
/// or stock. No event is published, because the product cannot be sold.
pub fn ensure_archived_variants(
    conn: &mut PgConnection,
    products: &[HistoricalProduct<'_>],
    at: DateTime<Utc>,
) -> Result<HashMap<String, HistoricalVariant>, CatalogueImportError> {
    let skus: Vec<&str> = products.iter().map(|product| product.sku).collect();
    let mut known: HashMap<String, HistoricalVariant> = StoredVariant::find_by_sku(conn, &skus)?
        .into_iter()
        .map(|variant| {
            let found = HistoricalVariant { product_id: variant.product_id, variant_id: variant.id };
            (variant.requested_sku.to_lowercase(), found)
        })
        .collect();

    let missing = products.iter().filter(|product| !known.contains_key(&product.sku.to_lowercase()));
    let mut missing: Vec<_> = missing.copied().collect();
    // Sorted, so that concurrent imports insert in the same order and cannot deadlock.
    missing.sort_unstable();
    let inserted = insert_archived(conn, &missing, at)?;
    known.extend(inserted);
    Ok(known)
}

fn insert_archived(
    conn: &mut PgConnection,
    missing: &[HistoricalProduct<'_>],
    at: DateTime<Utc>,
) -> Result<Vec<(String, HistoricalVariant)>, CatalogueImportError> {
    let mut slugs = FreeSlugs::find(conn, missing.iter().map(|product| product.name))?;
    let mut products = Vec::with_capacity(missing.len());
    let mut variants = Vec::with_capacity(missing.len());
    let mut inserted = Vec::with_capacity(missing.len());
    for &HistoricalProduct { sku, name } in missing {
        let variant = HistoricalVariant { product_id: ProductId::generate(), variant_id: VariantId::generate() };
        products.push(archived_product(variant, name, slugs.take(name), at));
        variants.push(archived_variant(variant, sku, at));
        inserted.push((sku.to_lowercase(), variant));
    }
    insert_products(conn, &products)?;
    insert_variants(conn, &variants)?;
    Ok(inserted)
}

fn archived_product(variant: HistoricalVariant, name: &str, slug: Slug, at: DateTime<Utc>) -> Product {
    Product {
        id: variant.product_id,
        category_id: None,
        name: name.to_owned(),
        slug,
        description: String::new(),
        is_active: false,
        archived_at: Some(at),
        metadata: json!({}),
        private_metadata: json!({}),
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

fn archived_variant(variant: HistoricalVariant, sku: &str, at: DateTime<Utc>) -> Variant {
    Variant {
        id: variant.variant_id,
        product_id: variant.product_id,
        sku: sku.to_owned(),
        name: String::new(),
        options: json!({}),
        cost: None,
        tracks_stock: true,
        sort_order: 0,
        archived_at: Some(at),
        created_at: at,
        updated_at: at,
    }
}
