//! Business rules of single variants: add, update and archive. `If-Match` refers to the version of the product.

use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::CatalogueError;
use super::events::{ProductTopic, publish};
use super::models::{Product, ProductChanges, Variant};
use super::services::{NewVariant, VariantUpdate, add_variants, new_variant_audit_fields, update_variant};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::write_context::WriteContext;
use crate::products::ids::{ProductId, VariantId};
use crate::products::slug::IdOrSlug;

/// Adds a variant after the existing ones of the product.
pub(super) fn add(
    conn: &mut PgConnection,
    reference: &IdOrSlug<ProductId>,
    new: &NewVariant,
    context: &WriteContext,
) -> Result<Product, CatalogueError> {
    let product = Product::lock(conn, reference)?.ok_or(CatalogueError::NotFound)?;
    context.expected.ensure(product.version)?;
    let others = Variant::load_for_products(conn, &[product.id])?;
    let first_sort_order =
        others.iter().map(|variant| variant.sort_order).max().map_or(0, |last| last.saturating_add(1));
    let added = add_variants(conn, product.id, std::slice::from_ref(new), first_sort_order, context);
    for variant in added.map_err(CatalogueError::for_single_sku)? {
        let changes = Changes::created(&new_variant_audit_fields(new));
        audit::record(conn, context, "variant.created", AuditObject::new("variant", variant.id), changes)?;
    }
    touch(conn, product.id, context)
}

/// Updates a variant and, if `price` is given, its price in the default channel.
pub(super) fn update(
    conn: &mut PgConnection,
    id: VariantId,
    update: &VariantUpdate,
    context: &WriteContext,
) -> Result<Product, CatalogueError> {
    let (product, variant) = lock(conn, id)?;
    context.expected.ensure(product.version)?;
    let changes = update_variant(conn, &variant, update, context)?;
    audit::record(conn, context, "variant.changed", AuditObject::new("variant", id), changes)?;
    touch(conn, product.id, context)
}

/// Archives a variant unless it is the only one of its product.
pub(super) fn archive(conn: &mut PgConnection, id: VariantId, context: &WriteContext) -> Result<(), CatalogueError> {
    let (product, _) = lock(conn, id)?;
    context.expected.ensure(product.version)?;
    let variants = Variant::load_for_products(conn, &[product.id])?;
    let variant = variants.iter().find(|variant| variant.id == id).ok_or(CatalogueError::NotFound)?;
    if variants.len() == 1 {
        return Err(CatalogueError::LastVariant);
    }
    variant.archive(conn, context.at)?;
    let changes = Changes::between(&json!({"archived_at": null}), &json!({"archived_at": context.at}));
    audit::record(conn, context, "variant.archived", AuditObject::new("variant", id), changes)?;
    touch(conn, product.id, context).map(|_| ())
}

/// Increments the version of the product and publishes its event after a change of a variant.
fn touch(conn: &mut PgConnection, id: ProductId, context: &WriteContext) -> Result<Product, CatalogueError> {
    let product = ProductChanges::default().apply(conn, id, context.at)?;
    publish(conn, ProductTopic::Updated, &product, context)?;
    Ok(product)
}

/// Locks the product of a variant. The product is always locked first, which serializes changes of its variants.
fn lock(conn: &mut PgConnection, id: VariantId) -> Result<(Product, Variant), CatalogueError> {
    let variant = Variant::find(conn, id)?.ok_or(CatalogueError::NotFound)?;
    let product = Product::lock(conn, &IdOrSlug::Id(variant.product_id))?.ok_or(CatalogueError::NotFound)?;
    // A transaction that held the lock before can have changed or archived the variant.
    let variant = Variant::find(conn, id)?.ok_or(CatalogueError::NotFound)?;
    Ok((product, variant))
}
