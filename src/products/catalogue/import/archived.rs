//! What a history mentions and the catalogue does not have: archived products, of which nothing is sold.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::error::CatalogueImportError;
use super::models::{StoredVariant, insert_products, insert_variants};
use super::slugs::FreeSlugs;
use crate::platform::types::{ProductId, Slug, VariantId};
use crate::products::catalogue::models::{Product, Variant};

/// A variant that a line of the past may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastVariant {
    pub product_id: ProductId,
    pub variant_id: VariantId,
}

/// The variants of these SKUs, each given once with its name, by their lower-case SKUs.
///
/// Known ones are used as they are. An unknown one becomes an archived product with that one variant,
/// without category, price or stock: it is there to be remembered, not to be sold, and nobody needs to hear of it.
pub fn ensure_archived_variants(
    conn: &mut PgConnection,
    wanted: &[(&str, &str)],
    at: DateTime<Utc>,
) -> Result<HashMap<String, PastVariant>, CatalogueImportError> {
    let skus: Vec<&str> = wanted.iter().map(|&(sku, _)| sku).collect();
    let mut known: HashMap<String, PastVariant> = StoredVariant::find_by_sku(conn, &skus)?
        .into_iter()
        .map(|variant| {
            let past = PastVariant { product_id: variant.product_id, variant_id: variant.id };
            (variant.asked.to_lowercase(), past)
        })
        .collect();

    let missing = wanted.iter().filter(|(sku, _)| !known.contains_key(&sku.to_lowercase()));
    let mut missing: Vec<_> = missing.copied().collect();
    // In one fixed order, so that two imports wait for each other instead of deadlocking.
    missing.sort_unstable();
    let made = insert_archived(conn, &missing, at)?;
    known.extend(made);
    Ok(known)
}

fn insert_archived(
    conn: &mut PgConnection,
    missing: &[(&str, &str)],
    at: DateTime<Utc>,
) -> Result<Vec<(String, PastVariant)>, CatalogueImportError> {
    let mut slugs = FreeSlugs::find(conn, missing.iter().map(|&(_, name)| name))?;
    let mut products = Vec::with_capacity(missing.len());
    let mut variants = Vec::with_capacity(missing.len());
    let mut made = Vec::with_capacity(missing.len());
    for &(sku, name) in missing {
        let past = PastVariant { product_id: ProductId::generate(), variant_id: VariantId::generate() };
        products.push(archived_product(past, name, slugs.take(name), at));
        variants.push(archived_variant(past, sku, at));
        made.push((sku.to_lowercase(), past));
    }
    insert_products(conn, &products)?;
    insert_variants(conn, &variants)?;
    Ok(made)
}

fn archived_product(past: PastVariant, name: &str, slug: Slug, at: DateTime<Utc>) -> Product {
    Product {
        id: past.product_id,
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

fn archived_variant(past: PastVariant, sku: &str, at: DateTime<Utc>) -> Variant {
    Variant {
        id: past.variant_id,
        product_id: past.product_id,
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
