//! Adding, changing and archiving single variants. What is expected of a variant is the version of its product.

use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

use super::errors::CatalogueError;
use super::models::{Product, ProductChanges, Variant, VariantChanges};
use super::services::{NewVariant, add_variants, change_one, facts_of_new, tell};
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::types::{IdOrSlug, ProductId, VariantId};

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
    for variant in added.map_err(CatalogueError::of_one_sku)? {
        let told = Changes::created(&facts_of_new(new));
        audit::record(conn, origin, "variant.created", ("variant", variant.id.to_string()), told)?;
    }
    touch(conn, product.id, origin)
}

pub(super) fn change(
    conn: &mut PgConnection,
    id: VariantId,
    changes: &VariantChanges,
    price: Option<Decimal>,
    request: &WriteRequest,
) -> Result<Product, CatalogueError> {
    let origin = &request.origin;
    let (product, variant) = lock(conn, id)?;
    request.expected.ensure(product.version)?;
    let told = change_one(conn, &variant, changes, price, origin)?;
    audit::record(conn, origin, "variant.changed", ("variant", id.to_string()), told)?;
    touch(conn, product.id, origin)
}

/// A product keeps at least one variant.
pub(super) fn archive(conn: &mut PgConnection, id: VariantId, request: &WriteRequest) -> Result<(), CatalogueError> {
    let origin = &request.origin;
    let (product, _) = lock(conn, id)?;
    request.expected.ensure(product.version)?;
    let variants = Variant::of_products(conn, &[product.id])?;
    let variant = variants.iter().find(|variant| variant.id == id).ok_or(CatalogueError::NotFound)?;
    if variants.len() == 1 {
        return Err(CatalogueError::LastVariant);
    }
    variant.archive(conn, origin.at)?;
    let told = Changes::between(&json!({"archived_at": null}), &json!({"archived_at": origin.at}));
    audit::record(conn, origin, "variant.archived", ("variant", id.to_string()), told)?;
    touch(conn, product.id, origin).map(|_| ())
}

/// A change of a variant is one of its product.
fn touch(conn: &mut PgConnection, id: ProductId, origin: &Origin) -> Result<Product, CatalogueError> {
    let product = ProductChanges::default().apply(conn, id, origin.at)?;
    tell(conn, "product.updated", &product, origin)?;
    Ok(product)
}

/// Changes of one product's variants come one after the other: the product is locked first, always.
fn lock(conn: &mut PgConnection, id: VariantId) -> Result<(Product, Variant), CatalogueError> {
    let variant = Variant::find(conn, id)?.ok_or(CatalogueError::NotFound)?;
    let product = Product::lock(conn, &IdOrSlug::Id(variant.product_id))?.ok_or(CatalogueError::NotFound)?;
    // Whoever held the lock before may have changed or archived it.
    let variant = Variant::find(conn, id)?.ok_or(CatalogueError::NotFound)?;
    Ok((product, variant))
}
