//! A catalogue's listing: what is sold, at which price, and how much of it lies there.

use std::collections::{HashMap, HashSet};

use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rust_decimal::Decimal;
use serde_json::Value;

use super::error::CatalogueImportError;
use super::models::{StoredVariant, lock_products};
use super::work::Work;
use crate::platform::audit::Origin;
use crate::platform::types::{CategoryId, Money, ProductId, VariantId};
use crate::products::catalogue::models::Product;
use crate::products::categories::import::{Outcome, resolve};
use crate::products::channels::Channel;
use crate::products::pricing::VariantPrice;
use crate::products::stock::Stock;
use crate::products::stock::import::{least_quantity, lock_levels};

/// Held by the import that writes a batch of products; another one waits.
const LISTING_LOCK: i64 = 0x4c_4953_5449_4e47;

/// A product as the file has it. What is None stays as it is, and has its default in a new product.
#[derive(Debug, Clone)]
pub struct ListedProduct {
    pub name: String,
    pub description: Option<String>,
    /// A slug, an external id or a path.
    pub category: Option<String>,
    /// True also takes a product out of the archive.
    pub is_active: Option<bool>,
    pub variants: Vec<ListedVariant>,
}

/// A variant of it; its SKU stands in the file once.
#[derive(Debug, Clone)]
pub struct ListedVariant {
    pub sku: String,
    pub options: Option<Value>,
    pub price: Option<Decimal>,
    pub stock: Option<i32>,
}

/// A variant's id and whether it is new, or why its row is refused.
type Planned = Result<(VariantId, bool), String>;

/// Makes and changes products as listed, and tells what became of each variant, in their order.
pub fn import_listing(
    conn: &mut PgConnection,
    channel: &Channel,
    listing: &[ListedProduct],
    origin: &Origin,
) -> Result<Vec<Outcome>, CatalogueImportError> {
    diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<BigInt, _>(LISTING_LOCK).execute(conn)?;
    let shelf = Shelf::load(conn, channel, listing)?;
    let mut work = Work::default();
    let planned = shelf.plan(listing, &mut work);
    let changed = work.write(conn, channel, &shelf.levels, origin)?;
    let outcomes = planned.into_iter().map(|planned| match planned {
        Ok((_, true)) => Outcome::Created,
        Ok((id, false)) if changed.contains(&id) => Outcome::Changed,
        Ok(_) => Outcome::Unchanged,
        Err(reason) => Outcome::Refused(reason),
    });
    Ok(outcomes.collect())
}

/// What is there already of all that is listed.
struct Shelf {
    variants: HashMap<String, StoredVariant>,
    products: HashMap<ProductId, Product>,
    prices: HashMap<VariantId, Money>,
    levels: HashMap<VariantId, Stock>,
    categories: HashMap<String, CategoryId>,
}

impl Shelf {
    fn load(
        conn: &mut PgConnection,
        channel: &Channel,
        listing: &[ListedProduct],
    ) -> Result<Self, CatalogueImportError> {
        let skus = listing.iter().flat_map(|product| &product.variants);
        let skus: Vec<&str> = skus.map(|variant| variant.sku.as_str()).collect();
        let variants = StoredVariant::find_by_sku(conn, &skus)?;
        let product_ids: Vec<ProductId> = variants.iter().map(|variant| variant.product_id).collect();
        let variant_ids: Vec<VariantId> = variants.iter().map(|variant| variant.id).collect();
        let references: Vec<&str> = listing.iter().filter_map(|product| product.category.as_deref()).collect();
        let by_sku = variants.into_iter().map(|variant| (variant.asked.clone(), variant));
        Ok(Self {
            variants: by_sku.collect(),
            products: lock_products(conn, &product_ids)?,
            prices: VariantPrice::of_variants(conn, channel.id, &variant_ids)?,
            levels: lock_levels(conn, &variant_ids)?,
            categories: resolve(conn, &references)?,
        })
    }

    fn plan<'a>(&self, listing: &'a [ListedProduct], work: &mut Work<'a>) -> Vec<Planned> {
        let mut planned = Vec::new();
        for product in listing {
            match self.category_of(product) {
                Ok(category) => planned.extend(self.plan_product(product, category, work)),
                Err(reason) => planned.extend(product.variants.iter().map(|_| Err(reason.clone()))),
            }
        }
        planned
    }

    fn category_of(&self, product: &ListedProduct) -> Result<Option<CategoryId>, String> {
        let Some(reference) = &product.category else {
            return Ok(None);
        };
        let found = self.categories.get(reference).copied();
        found.map(Some).ok_or_else(|| format!("there is no category {reference:?}"))
    }

    fn plan_product<'a>(
        &self,
        product: &'a ListedProduct,
        category: Option<CategoryId>,
        work: &mut Work<'a>,
    ) -> Vec<Planned> {
        let known = product.variants.iter().filter_map(|variant| self.variants.get(&variant.sku));
        // New variants join the product of those that are known.
        let mut home = known.map(|variant| variant.product_id).next();
        let mut planned = Vec::with_capacity(product.variants.len());
        let mut touched = HashSet::new();
        for (turn, variant) in (0..).zip(&product.variants) {
            planned.push(match self.variants.get(&variant.sku) {
                Some(stored) => self.check(variant, stored).map(|()| {
                    touched.insert(stored.product_id);
                    self.plan_known(product, variant, stored, work);
                    (stored.id, false)
                }),
                None => {
                    let product_id = *home.get_or_insert_with(|| work.add_product(product, category));
                    Ok((work.add_variant(variant, product_id, turn), true))
                }
            });
        }
        let stored = touched.iter().filter_map(|id| self.products.get(id));
        let changed = |stored: &Product| Some((stored.clone(), changed_product(stored, product, category)?));
        work.products.extend(stored.filter_map(changed));
        planned
    }

    fn check(&self, variant: &ListedVariant, stored: &StoredVariant) -> Result<(), String> {
        let least = self.levels.get(&stored.id).map_or(0, least_quantity);
        if variant.stock.is_some_and(|quantity| quantity < least) {
            return Err(format!("{least} of it are promised to orders"));
        }
        Ok(())
    }

    fn plan_known(
        &self,
        product: &ListedProduct,
        variant: &ListedVariant,
        stored: &StoredVariant,
        work: &mut Work<'_>,
    ) {
        work.variants.extend(changed_variant(stored, product, variant));
        let price = self.prices.get(&stored.id).map(|price| price.amount());
        let new_price = variant.price.filter(|new| Some(*new) != price);
        work.prices.extend(new_price.map(|price| (stored.id, price)));
        work.counts.extend(variant.stock.map(|quantity| (stored.id, quantity)));
        work.known.push((stored.id, stored.product_id));
    }
}

/// The stored product as the listing wants it, where that is otherwise.
fn changed_product(stored: &Product, listed: &ListedProduct, category: Option<CategoryId>) -> Option<Product> {
    let mut wanted = stored.clone();
    wanted.name.clone_from(&listed.name);
    wanted.category_id = category.or(stored.category_id);
    if let Some(description) = &listed.description {
        wanted.description.clone_from(description);
    }
    if let Some(is_active) = listed.is_active {
        wanted.is_active = is_active;
        wanted.archived_at = stored.archived_at.filter(|_| !is_active);
    }
    let is_same = (wanted.category_id, wanted.is_active, wanted.archived_at)
        == (stored.category_id, stored.is_active, stored.archived_at)
        && wanted.name == stored.name
        && wanted.description == stored.description;
    (!is_same).then_some(wanted)
}

/// The stored variant as the listing wants it, where that is otherwise.
fn changed_variant(stored: &StoredVariant, product: &ListedProduct, listed: &ListedVariant) -> Option<StoredVariant> {
    let mut wanted = stored.clone();
    if let Some(options) = &listed.options {
        wanted.options.clone_from(options);
    }
    wanted.archived_at = stored.archived_at.filter(|_| product.is_active != Some(true));
    (wanted != *stored).then_some(wanted)
}
