//! Adding, changing and archiving single variants. What is expected of a variant is the version of its product.

use diesel::pg::PgConnection;
use rust_decimal::Decimal;

use super::errors::CatalogueError;
use super::models::{Product, ProductChanges, Variant, VariantChanges};
use super::services::{NewVariant, add_variants, record};
use crate::platform::api::WriteRequest;
use crate::platform::types::{IdOrSlug, ProductId, VariantId};
use crate::products::channels::Channel;
use crate::products::pricing;

pub(super) fn add(
    conn: &mut PgConnection,
    reference: &IdOrSlug<ProductId>,
    new: &NewVariant,
    request: &WriteRequest,
) -> Result<Product, CatalogueError> {
    let origin = &request.origin;
    let product = Product::lock(conn, reference)?.ok_or(CatalogueError::NotFound)?;
    request.expected.ensure(product.version)?;
    let others = Variant::of_products(conn, &[product.id])?;
    let first = others.iter().map(|variant| variant.sort_order).max().map_or(0, |last| last.saturating_add(1));
    let added = add_variants(conn, product.id, std::slice::from_ref(new), first, origin);
    added.map_err(CatalogueError::of_one_sku)?;
    let product = ProductChanges::default().apply(conn, product.id, origin.at)?;
    record(conn, "product.updated", &product, origin)?;
    Ok(product)
}

pub(super) fn change(
    conn: &mut PgConnection,
    id: VariantId,
    changes: &VariantChanges,
    price: Option<Decimal>,
    request: &WriteRequest,
) -> Result<Product, CatalogueError> {
    let origin = &request.origin;
    let product = lock_product_of(conn, id)?;
    request.expected.ensure(product.version)?;
    changes.apply(conn, id, origin.at)?;
    if let Some(price) = price {
        let channel = Channel::default_one(conn)?;
        pricing::set_prices(conn, &channel, &[(id, price)], origin.at)?;
    }
    let product = ProductChanges::default().apply(conn, product.id, origin.at)?;
    record(conn, "product.updated", &product, origin)?;
    Ok(product)
}

/// A product keeps at least one variant.
pub(super) fn archive(conn: &mut PgConnection, id: VariantId, request: &WriteRequest) -> Result<(), CatalogueError> {
    let origin = &request.origin;
    let product = lock_product_of(conn, id)?;
    request.expected.ensure(product.version)?;
    let variants = Variant::of_products(conn, &[product.id])?;
    let variant = variants.iter().find(|variant| variant.id == id).ok_or(CatalogueError::NotFound)?;
    if variants.len() == 1 {
        return Err(CatalogueError::LastVariant);
    }
    variant.archive(conn, origin.at)?;
    let product = ProductChanges::default().apply(conn, product.id, origin.at)?;
    record(conn, "product.updated", &product, origin)?;
    Ok(())
}

/// Changes of one product's variants come one after the other: the product is locked first, always.
fn lock_product_of(conn: &mut PgConnection, id: VariantId) -> Result<Product, CatalogueError> {
    let variant = Variant::find(conn, id)?.ok_or(CatalogueError::NotFound)?;
    let product = Product::lock(conn, &IdOrSlug::Id(variant.product_id))?.ok_or(CatalogueError::NotFound)?;
    // Whoever held the lock before may have archived it.
    Variant::find(conn, id)?.ok_or(CatalogueError::NotFound)?;
    Ok(product)
}
