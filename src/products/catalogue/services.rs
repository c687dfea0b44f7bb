//! Making, changing and archiving products.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::CatalogueError;
use super::models::{Product, ProductChanges, Variant, VariantChanges};
use crate::platform::api::Expected;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::events::{self, NewEvent};
use crate::platform::types::{CategoryId, IdOrSlug, Money, ProductId, Slug, VariantId};
use crate::products::categories::Category;
use crate::products::channels::Channel;
use crate::products::pricing::{self, VariantPrice};
use crate::products::stock;

/// Whether there is any product yet, archived ones included.
pub fn has_products(conn: &mut PgConnection) -> QueryResult<bool> {
    Product::exist(conn)
}

/// A product to make.
#[derive(Debug, Clone)]
pub struct NewProduct {
    pub name: String,
    /// None: made from the name.
    pub slug: Option<Slug>,
    pub description: String,
    pub category: Option<CategoryId>,
    pub is_active: bool,
    pub metadata: Value,
    pub private_metadata: Value,
    /// At least one.
    pub variants: Vec<NewVariant>,
}

/// A variant to make.
#[derive(Debug, Clone)]
pub struct NewVariant {
    pub sku: String,
    pub name: String,
    pub options: Value,
    pub price: Decimal,
    /// What one costs the shop, in the default channel's currency.
    pub cost: Option<Decimal>,
    /// What there is of it at first.
    pub stock: i32,
    pub tracks_stock: bool,
}

/// Makes a product with its variants, prices and first stock.
pub fn create(conn: &mut PgConnection, new: &NewProduct, origin: &Origin) -> Result<Product, CatalogueError> {
    ensure_category(conn, new.category)?;
    let product = Product {
        id: ProductId::generate(),
        category_id: new.category,
        name: new.name.clone(),
        slug: match &new.slug {
            Some(slug) => slug.clone(),
            None => free_slug(conn, &new.name)?,
        },
        description: new.description.clone(),
        is_active: new.is_active,
        archived_at: None,
        metadata: new.metadata.clone(),
        private_metadata: new.private_metadata.clone(),
        version: 1,
        created_at: origin.at,
        updated_at: origin.at,
    };
    product.insert(conn)?;
    add_variants(conn, product.id, &new.variants, 0, origin)?;
    let variants: Vec<Value> = new.variants.iter().map(facts_of_new).collect();
    let told = Changes::created(&facts_of(&product)).join(Changes::created(&json!({"variants": variants})));
    record(conn, "product.created", &product, told, origin)?;
    Ok(product)
}

/// Adds variants with their prices and first stock, behind the `first` others that a product has.
pub(super) fn add_variants(
    conn: &mut PgConnection,
    product: ProductId,
    new: &[NewVariant],
    first: i32,
    origin: &Origin,
) -> Result<Vec<Variant>, CatalogueError> {
    ensure_free_skus(conn, new)?;
    let channel = Channel::default_one(conn)?;
    let variants: Vec<Variant> = new
        .iter()
        .zip(first..)
        .map(|(new, sort_order)| Variant {
            id: VariantId::generate(),
            product_id: product,
            sku: new.sku.clone(),
            name: new.name.clone(),
            options: new.options.clone(),
            cost: new.cost,
            tracks_stock: new.tracks_stock,
            sort_order,
            archived_at: None,
            created_at: origin.at,
            updated_at: origin.at,
        })
        .collect();
    Variant::insert_all(conn, &variants)?;
    let prices: Vec<_> = variants.iter().zip(new).map(|(variant, new)| (variant.id, new.price)).collect();
    pricing::set_prices(conn, &channel, &prices, origin.at)?;
    let stocked = variants.iter().zip(new).filter(|(_, new)| new.stock > 0);
    let goods: Vec<_> = stocked.map(|(variant, new)| (variant.id, new.stock)).collect();
    stock::receive(conn, &goods, origin)?;
    Ok(variants)
}

/// What a change of a product may touch: the product itself, and the one variant of a simple one.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub product: ProductChanges,
    pub sku: Option<String>,
    pub price: Option<Decimal>,
}

pub(super) fn change(
    conn: &mut PgConnection,
    reference: &IdOrSlug<ProductId>,
    change: &Change,
    expected: &Expected,
    origin: &Origin,
) -> Result<Product, CatalogueError> {
    let product = Product::lock(conn, reference)?.ok_or(CatalogueError::NotFound)?;
    expected.ensure(product.version)?;
    ensure_category(conn, change.product.category_id.flatten())?;
    let of_variant = match (&change.sku, &change.price) {
        (None, None) => Changes::none(),
        _ => change_only_variant(conn, &product, change, origin)?,
    };
    let changed = change.product.apply(conn, product.id, origin.at)?;
    let told = Changes::between(&facts_of(&product), &facts_of(&changed)).join(of_variant);
    record(conn, "product.updated", &changed, told, origin)?;
    Ok(changed)
}

fn change_only_variant(
    conn: &mut PgConnection,
    product: &Product,
    change: &Change,
    origin: &Origin,
) -> Result<Changes, CatalogueError> {
    let variants = Variant::of_products(conn, &[product.id])?;
    let [variant] = variants.as_slice() else {
        return ensure_as_shown(conn, &variants, change).map(|()| Changes::none());
    };
    let changes = VariantChanges { sku: change.sku.clone(), ..VariantChanges::default() };
    change_one(conn, variant, &changes, change.price, origin)
}

/// Changes a variant and its price, and tells what is otherwise now.
pub(super) fn change_one(
    conn: &mut PgConnection,
    variant: &Variant,
    changes: &VariantChanges,
    price: Option<Decimal>,
    origin: &Origin,
) -> Result<Changes, CatalogueError> {
    let changed = changes.apply(conn, variant.id, origin.at)?;
    let told = Changes::between(&facts_of_variant(variant), &facts_of_variant(&changed));
    let Some(price) = price else { return Ok(told) };
    let channel = Channel::default_one(conn)?;
    let before = VariantPrice::of_variants(conn, channel.id, &[variant.id])?;
    let before = before.get(&variant.id).map(|price| price.shown());
    pricing::set_prices(conn, &channel, &[(variant.id, price)], origin.at)?;
    let after = Money::new(price, channel.currency).shown();
    Ok(told.join(Changes::between(&json!({"price": before}), &json!({"price": after}))))
}

/// What the product shows of its variants may be sent back as it is, as clients do that send the whole product.
fn ensure_as_shown(conn: &mut PgConnection, variants: &[Variant], change: &Change) -> Result<(), CatalogueError> {
    let ids: Vec<VariantId> = variants.iter().map(|variant| variant.id).collect();
    let channel = Channel::default_one(conn)?;
    let lowest = VariantPrice::of_variants(conn, channel.id, &ids)?.values().map(|price| price.amount()).min();
    if change.sku.is_some() && change.sku.as_ref() != variants.first().map(|first| &first.sku) {
        return Err(CatalogueError::SeveralVariants("sku"));
    }
    if change.price.is_some() && change.price != lowest {
        return Err(CatalogueError::SeveralVariants("price"));
    }
    Ok(())
}

/// Takes a product with its variants off the shelf for good; orders keep what they say of it.
pub(super) fn archive(
    conn: &mut PgConnection,
    reference: &IdOrSlug<ProductId>,
    expected: &Expected,
    origin: &Origin,
) -> Result<(), CatalogueError> {
    let product = Product::lock(conn, reference)?.ok_or(CatalogueError::NotFound)?;
    expected.ensure(product.version)?;
    product.archive(conn, origin.at)?;
    let told = Changes::between(&json!({"archived_at": null}), &json!({"archived_at": origin.at}));
    record(conn, "product.archived", &product, told, origin)?;
    Ok(())
}

/// Writes the audit log and publishes the event of the same name.
pub(super) fn record(
    conn: &mut PgConnection,
    what: &str,
    product: &Product,
    changes: Changes,
    origin: &Origin,
) -> QueryResult<()> {
    audit::record(conn, origin, what, ("product", product.id.to_string()), changes)?;
    tell(conn, what, product, origin)
}

/// Publishes what happened to a product.
pub(super) fn tell(conn: &mut PgConnection, what: &str, product: &Product, origin: &Origin) -> QueryResult<()> {
    let payload = json!({
        "id": product.id, "name": product.name, "slug": product.slug,
        "category": product.category_id, "is_active": product.is_active,
    });
    let event = NewEvent {
        topic: what,
        aggregate_type: "product",
        aggregate_id: product.id.into(),
        channel: None,
        owner: None,
        payload,
    };
    events::publish(conn, event, origin).map(|_| ())
}

/// What the audit log tells of a product.
pub(super) fn facts_of(product: &Product) -> Value {
    json!({
        "name": product.name, "slug": product.slug, "description": product.description,
        "category": product.category_id, "is_active": product.is_active, "archived_at": product.archived_at,
        "metadata": product.metadata, "private_metadata": product.private_metadata,
    })
}

/// What it tells of a variant; its price is looked up beside it.
pub(super) fn facts_of_variant(variant: &Variant) -> Value {
    let Variant { sku, name, options, cost, tracks_stock, sort_order, .. } = variant;
    json!({
        "sku": sku, "name": name, "options": options, "cost": cost.map(|cost| cost.to_string()),
        "tracks_stock": tracks_stock, "sort_order": sort_order,
    })
}

/// What it tells of a variant that is being made.
pub(super) fn facts_of_new(new: &NewVariant) -> Value {
    let NewVariant { sku, name, options, price, cost, stock, tracks_stock } = new;
    json!({
        "sku": sku, "name": name, "options": options, "price": price.to_string(),
        "cost": cost.map(|cost| cost.to_string()), "stock": stock, "tracks_stock": tracks_stock,
    })
}

fn ensure_category(conn: &mut PgConnection, category: Option<CategoryId>) -> Result<(), CatalogueError> {
    match category {
        Some(id) if !Category::hold(conn, id)? => Err(CatalogueError::CategoryNotFound(id)),
        _ => Ok(()),
    }
}

/// Tells every SKU that is taken or stands twice, by its place. Two requests at once are told apart by the database.
fn ensure_free_skus(conn: &mut PgConnection, new: &[NewVariant]) -> Result<(), CatalogueError> {
    let skus: Vec<&str> = new.iter().map(|variant| variant.sku.as_str()).collect();
    let taken = Variant::places_of_taken_skus(conn, &skus)?;
    if taken.is_empty() { Ok(()) } else { Err(CatalogueError::SkusTaken(taken)) }
}

fn free_slug(conn: &mut PgConnection, name: &str) -> QueryResult<Slug> {
    let wanted = Slug::from_name(name);
    Product::hold_slug(conn, &wanted)?;
    let mut slug = wanted.clone();
    let mut number = 1;
    while Product::slug_exists(conn, &slug)? {
        number += 1;
        slug = wanted.numbered(number);
    }
    Ok(slug)
}
