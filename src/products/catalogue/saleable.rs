//! What an order may take: variants on sale, with their price and the words to remember them by.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use serde_json::Value;

use crate::platform::types::{Money, ProductId, VariantId};
use crate::products::channels::Channel;
use crate::products::pricing::VariantPrice;
use crate::schema::{products, variants};

/// How somebody names what they want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// By product, where it has one variant only.
    Product(ProductId),
    Variant(VariantId),
    Sku(String),
}

/// A variant as it is sold now.
#[derive(Debug, Clone)]
pub struct SaleableVariant {
    pub product: ProductId,
    pub variant: VariantId,
    pub product_name: String,
    pub variant_name: String,
    pub sku: String,
    pub options: Value,
    pub unit_price: Money,
    pub tracks_stock: bool,
}

/// Why something cannot be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    Unknown,
    /// Archived, not active, or without a price in the channel.
    NotForSale,
    /// The product has several variants: one must be named.
    Ambiguous,
}

#[derive(Debug, Clone, Queryable)]
struct Candidate {
    product: ProductId,
    variant: VariantId,
    product_name: String,
    variant_name: String,
    sku: String,
    options: Value,
    tracks_stock: bool,
    is_active: bool,
    is_archived: bool,
}

impl Candidate {
    fn answers(&self, pick: &Pick) -> bool {
        match pick {
            Pick::Product(id) => self.product == *id,
            Pick::Variant(id) => self.variant == *id,
            Pick::Sku(sku) => self.sku.to_lowercase() == sku.to_lowercase(),
        }
    }
}

/// Looks up all picks in two queries, and answers each in its place.
pub fn find_saleable(
    conn: &mut PgConnection,
    channel: &Channel,
    picks: &[Pick],
) -> QueryResult<Vec<Result<SaleableVariant, Unavailable>>> {
    let candidates = candidates(conn, picks)?;
    let ids: Vec<VariantId> = candidates.iter().map(|candidate| candidate.variant).collect();
    let prices = VariantPrice::of_variants(conn, channel.id, &ids)?;
    Ok(picks.iter().map(|pick| choose(pick, &candidates, &prices)).collect())
}

fn choose(
    pick: &Pick,
    candidates: &[Candidate],
    prices: &HashMap<VariantId, Money>,
) -> Result<SaleableVariant, Unavailable> {
    let named: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.answers(pick)).collect();
    let on_sale: Vec<&&Candidate> = named.iter().filter(|c| c.is_active && !c.is_archived).collect();
    let candidate = match (named.is_empty(), on_sale.as_slice()) {
        (true, _) => return Err(Unavailable::Unknown),
        (false, []) => return Err(Unavailable::NotForSale),
        (false, [one]) => (**one).clone(),
        (false, _) => return Err(Unavailable::Ambiguous),
    };
    let unit_price = *prices.get(&candidate.variant).ok_or(Unavailable::NotForSale)?;
    let Candidate { product, variant, product_name, variant_name, sku, options, tracks_stock, .. } = candidate;
    Ok(SaleableVariant { product, variant, product_name, variant_name, sku, options, unit_price, tracks_stock })
}

fn candidates(conn: &mut PgConnection, picks: &[Pick]) -> QueryResult<Vec<Candidate>> {
    let mut by_product = Vec::new();
    let mut by_variant = Vec::new();
    let mut by_sku = Vec::new();
    for pick in picks {
        match pick {
            Pick::Product(id) => by_product.push(*id),
            Pick::Variant(id) => by_variant.push(*id),
            Pick::Sku(sku) => by_sku.push(sku.as_str()),
        }
    }
    // In the database's lower case on both sides: it is not in all letters the same as ours.
    let has_sku = sql::<Bool>("lower(variants.sku) = any(array(select lower(sku) from unnest(")
        .bind::<Array<Text>, _>(by_sku)
        .sql(") as picked (sku)))");
    let is_picked = variants::product_id.eq_any(by_product).or(variants::id.eq_any(by_variant)).or(has_sku);
    variants::table
        .inner_join(products::table)
        .filter(is_picked)
        .order((variants::sort_order, variants::id))
        .select((
            products::id,
            variants::id,
            products::name,
            variants::name,
            variants::sku,
            variants::options,
            variants::tracks_stock,
            products::is_active,
            products::archived_at.is_not_null().or(variants::archived_at.is_not_null()),
        ))
        .load(conn)
}
