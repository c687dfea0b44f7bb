//! Business rules of products: create, update and archive.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::CatalogueError;
use super::events::{ProductTopic, publish};
use super::models::{Product, ProductChanges, Variant, VariantChanges};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::types::Money;
use crate::platform::write_context::WriteContext;
use crate::products::categories::Category;
use crate::products::channels::Channel;
use crate::products::ids::{CategoryId, ProductId, VariantId};
use crate::products::pricing::{self, NewPrice, VariantPrice};
use crate::products::slug::{IdOrSlug, Slug};
use crate::products::stock::{self, InitialStock};

/// Returns true if any product exists, archived or not.
pub fn has_products(conn: &mut PgConnection) -> QueryResult<bool> {
    Product::any_exists(conn)
}

/// Product to create.
#[derive(Debug, Clone)]
pub struct NewProduct {
    pub name: String,
    /// `None` generates the slug from the name.
    pub slug: Option<Slug>,
    pub description: String,
    pub category: Option<CategoryId>,
    pub is_active: bool,
    pub metadata: Value,
    pub private_metadata: Value,
    /// Variants of the product, at least one.
    pub variants: Vec<NewVariant>,
}

/// Variant to create.
#[derive(Debug, Clone)]
pub struct NewVariant {
    pub sku: String,
    pub name: String,
    pub options: Value,
    pub price: Decimal,
    /// Purchase cost per unit, in the currency of the default channel.
    pub cost: Option<Decimal>,
    /// Initial stock in the first warehouse.
    pub stock: i32,
    pub tracks_stock: bool,
}

/// Creates a product with its variants, prices and initial stock.
pub fn create(conn: &mut PgConnection, new: &NewProduct, context: &WriteContext) -> Result<Product, CatalogueError> {
    ensure_category(conn, new.category)?;
    let product = Product {
        id: ProductId::generate(),
        category_id: new.category,
        name: new.name.clone(),
        slug: match &new.slug {
            Some(slug) => slug.clone(),
            None => find_unused_slug(conn, &new.name)?,
        },
        description: new.description.clone(),
        is_active: new.is_active,
        archived_at: None,
        metadata: new.metadata.clone(),
        private_metadata: new.private_metadata.clone(),
        version: 1,
        created_at: context.at,
        updated_at: context.at,
    };
    product.insert(conn)?;
    add_variants(conn, product.id, &new.variants, 0, context)?;
    let variants: Vec<Value> = new.variants.iter().map(new_variant_audit_fields).collect();
    let changes = Changes::created(&audit_fields(&product)).join(Changes::created(&json!({"variants": variants})));
    record(conn, ProductTopic::Created, &product, changes, context)?;
    Ok(product)
}

/// Adds variants with their prices and initial stock to a product. Their sort orders start at `first_sort_order`.
pub(super) fn add_variants(
    conn: &mut PgConnection,
    product: ProductId,
    new: &[NewVariant],
    first_sort_order: i32,
    context: &WriteContext,
) -> Result<Vec<Variant>, CatalogueError> {
    ensure_unused_skus(conn, new)?;
    let (mut variants, mut prices, mut stocks) = (Vec::new(), Vec::new(), Vec::new());
    for (new, sort_order) in new.iter().zip(first_sort_order..) {
        let id = VariantId::generate();
        prices.push(NewPrice { variant_id: id, amount: new.price });
        if new.stock > 0 {
            stocks.push(InitialStock { variant: id, quantity: new.stock });
        }
        variants.push(Variant {
            id,
            product_id: product,
            sku: new.sku.clone(),
            name: new.name.clone(),
            options: new.options.clone(),
            cost: new.cost,
            tracks_stock: new.tracks_stock,
            sort_order,
            archived_at: None,
            created_at: context.at,
            updated_at: context.at,
        });
    }

    let channel = Channel::load_default(conn)?;
    Variant::insert_all(conn, &variants)?;
    pricing::set_prices(conn, &channel, &prices, context.at)?;
    stock::receive_initial_stock(conn, &stocks, context)?;
    Ok(variants)
}

/// Update of a product. SKU and price are those of the only variant of a simple product.
#[derive(Debug, Default)]
pub(super) struct ProductUpdate {
    pub changes: ProductChanges,
    pub sku: Option<String>,
    pub price: Option<Decimal>,
}

/// Updates a product.
pub(super) fn update(
    conn: &mut PgConnection,
    reference: &IdOrSlug<ProductId>,
    update: &ProductUpdate,
    context: &WriteContext,
) -> Result<Product, CatalogueError> {
    let product = Product::lock(conn, reference)?.ok_or(CatalogueError::NotFound)?;
    context.expected.ensure(product.version)?;
    ensure_category(conn, update.changes.category_id.flatten())?;
    let variant_changes = match (&update.sku, &update.price) {
        (None, None) => Changes::none(),
        _ => update_only_variant(conn, &product, update, context)?,
    };
    let updated = update.changes.apply(conn, product.id, context.at)?;
    let changes = Changes::between(&audit_fields(&product), &audit_fields(&updated)).join(variant_changes);
    record(conn, ProductTopic::Updated, &updated, changes, context)?;
    Ok(updated)
}

fn update_only_variant(
    conn: &mut PgConnection,
    product: &Product,
    update: &ProductUpdate,
    context: &WriteContext,
) -> Result<Changes, CatalogueError> {
    let variants = Variant::load_for_products(conn, &[product.id])?;
    let [variant] = variants.as_slice() else {
        return ensure_unchanged(conn, &variants, update).map(|()| Changes::none());
    };
    let changes = VariantChanges { sku: update.sku.clone(), ..VariantChanges::default() };
    update_variant(conn, variant, &VariantUpdate { changes, price: update.price }, context)
}

/// Update of a variant and, if `price` is given, of its price in the default channel.
#[derive(Debug, Default)]
pub(super) struct VariantUpdate {
    pub changes: VariantChanges,
    pub price: Option<Decimal>,
}

/// Updates a variant. Returns the changes for the audit log.
pub(super) fn update_variant(
    conn: &mut PgConnection,
    variant: &Variant,
    update: &VariantUpdate,
    context: &WriteContext,
) -> Result<Changes, CatalogueError> {
    let updated = update.changes.apply(conn, variant.id, context.at)?;
    let changes = Changes::between(&variant_audit_fields(variant), &variant_audit_fields(&updated));
    let Some(amount) = update.price else { return Ok(changes) };
    let channel = Channel::load_default(conn)?;
    let before = VariantPrice::load_for_variants(conn, channel.id, &[variant.id])?;
    let before = before.get(&variant.id).map(|price| price.to_decimal_string());
    pricing::set_prices(conn, &channel, &[NewPrice { variant_id: variant.id, amount }], context.at)?;
    let after = Money::new(amount, channel.currency).to_decimal_string();
    Ok(changes.join(Changes::between(&json!({"price": before}), &json!({"price": after}))))
}

/// Accepts SKU and price of a product with several variants only if they are unchanged, for clients that send the whole
/// product.
fn ensure_unchanged(
    conn: &mut PgConnection,
    variants: &[Variant],
    update: &ProductUpdate,
) -> Result<(), CatalogueError> {
    let ids: Vec<VariantId> = variants.iter().map(|variant| variant.id).collect();
    let channel = Channel::load_default(conn)?;
    let lowest = VariantPrice::load_for_variants(conn, channel.id, &ids)?.values().map(|price| price.amount()).min();
    if update.sku.is_some() && update.sku.as_ref() != variants.first().map(|first| &first.sku) {
        return Err(CatalogueError::SkuOfSeveralVariants);
    }
    if update.price.is_some() && update.price != lowest {
        return Err(CatalogueError::PriceOfSeveralVariants);
    }
    Ok(())
}

/// Archives a product with its variants. Orders keep their copies of its data.
pub(super) fn archive(
    conn: &mut PgConnection,
    reference: &IdOrSlug<ProductId>,
    context: &WriteContext,
) -> Result<(), CatalogueError> {
    let product = Product::lock(conn, reference)?.ok_or(CatalogueError::NotFound)?;
    context.expected.ensure(product.version)?;
    product.archive(conn, context.at)?;
    let changes = Changes::between(&json!({"archived_at": null}), &json!({"archived_at": context.at}));
    record(conn, ProductTopic::Archived, &product, changes, context)?;
    Ok(())
}

/// Writes an audit entry and publishes the event of the same name.
pub(super) fn record(
    conn: &mut PgConnection,
    topic: ProductTopic,
    product: &Product,
    changes: Changes,
    context: &WriteContext,
) -> QueryResult<()> {
    audit::record(conn, context, topic.as_str(), AuditObject::new("product", product.id), changes)?;
    publish(conn, topic, product, context)
}

/// Returns the fields of a product that the audit log records.
pub(super) fn audit_fields(product: &Product) -> Value {
    json!({
        "name": product.name, "slug": product.slug, "description": product.description,
        "category": product.category_id, "is_active": product.is_active, "archived_at": product.archived_at,
        "metadata": product.metadata, "private_metadata": product.private_metadata,
    })
}

/// Returns the fields of a variant that the audit log records. The price is recorded separately.
pub(super) fn variant_audit_fields(variant: &Variant) -> Value {
    let Variant { sku, name, options, cost, tracks_stock, sort_order, .. } = variant;
    json!({
        "sku": sku, "name": name, "options": options, "cost": cost.map(|cost| cost.to_string()),
        "tracks_stock": tracks_stock, "sort_order": sort_order,
    })
}

/// Returns the fields of a new variant that the audit log records.
pub(super) fn new_variant_audit_fields(new: &NewVariant) -> Value {
    let NewVariant { sku, name, options, price, cost, stock, tracks_stock } = new;
    json!({
        "sku": sku, "name": name, "options": options, "price": price.to_string(),
        "cost": cost.map(|cost| cost.to_string()), "stock": stock, "tracks_stock": tracks_stock,
    })
}

fn ensure_category(conn: &mut PgConnection, category: Option<CategoryId>) -> Result<(), CatalogueError> {
    match category {
        Some(id) if !Category::lock_existing(conn, id)? => Err(CatalogueError::CategoryNotFound(id)),
        _ => Ok(()),
    }
}

/// Rejects SKUs that exist or occur twice in the request. The unique constraint catches concurrent inserts.
fn ensure_unused_skus(conn: &mut PgConnection, new: &[NewVariant]) -> Result<(), CatalogueError> {
    let skus: Vec<&str> = new.iter().map(|variant| variant.sku.as_str()).collect();
    let taken = Variant::positions_of_taken_skus(conn, &skus)?;
    if taken.is_empty() { Ok(()) } else { Err(CatalogueError::SkusTaken(taken)) }
}

fn find_unused_slug(conn: &mut PgConnection, name: &str) -> QueryResult<Slug> {
    let base = Slug::from_name(name);
    Product::lock_slug(conn, &base)?;
    let mut slug = base.clone();
    let mut number = 1;
    while Product::slug_exists(conn, &slug)? {
        number += 1;
        slug = base.numbered(number);
    }
    Ok(slug)
}
