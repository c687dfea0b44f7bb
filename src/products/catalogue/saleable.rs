//! What an order may take: variants on sale, with their price and the words to remember them by.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::platform::db::fixed_statement;
use crate::platform::types::{ChannelId, Currency, Money, ProductId, VariantId};
use crate::products::channels::Channel;

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
    price: Option<Decimal>,
}

fixed_statement! {
    /// SKUs in the database's lower case on both sides: it is not in all letters the same as ours.
    struct FindCandidates {
        products: Vec<ProductId> => Array<SqlUuid>,
        variants: Vec<VariantId> => Array<SqlUuid>,
        skus: Vec<String> => Array<Text>,
        channel: ChannelId => SqlUuid,
    } -> (SqlUuid, SqlUuid, Text, Text, Text, Jsonb, Bool, Bool, Bool, Nullable<Numeric>);
    "select p.id, v.id, p.name, v.name, v.sku, v.options, v.tracks_stock, p.is_active, \
            p.archived_at is not null or v.archived_at is not null, vp.amount \
     from (select id from variants where product_id = any((select products from input)::uuid[]) \
           union select id from variants where id = any((select variants from input)::uuid[]) \
           union select v.id from input, unnest(skus) as picked (sku) \
                 join variants v on lower(v.sku) = lower(picked.sku)) as picked \
     join variants v on v.id = picked.id join products p on p.id = v.product_id \
     left join variant_prices vp on vp.variant_id = v.id and vp.channel_id = (select channel from input) \
     order by v.sort_order, v.id"
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

/// Looks up all picks in one query, and answers each in its place.
pub fn find_saleable(
    conn: &mut PgConnection,
    channel: &Channel,
    picks: &[Pick],
) -> QueryResult<Vec<Result<SaleableVariant, Unavailable>>> {
    let candidates = candidates(conn, channel, picks)?;
    Ok(picks.iter().map(|pick| choose(pick, &candidates, channel.currency)).collect())
}

fn choose(pick: &Pick, candidates: &[Candidate], currency: Currency) -> Result<SaleableVariant, Unavailable> {
    let named: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.answers(pick)).collect();
    let on_sale: Vec<&&Candidate> = named.iter().filter(|c| c.is_active && !c.is_archived).collect();
    let candidate = match (named.is_empty(), on_sale.as_slice()) {
        (true, _) => return Err(Unavailable::Unknown),
        (false, []) => return Err(Unavailable::NotForSale),
        (false, [one]) => (**one).clone(),
        (false, _) => return Err(Unavailable::Ambiguous),
    };
    let unit_price = Money::new(candidate.price.ok_or(Unavailable::NotForSale)?, currency);
    let Candidate { product, variant, product_name, variant_name, sku, options, tracks_stock, .. } = candidate;
    Ok(SaleableVariant { product, variant, product_name, variant_name, sku, options, unit_price, tracks_stock })
}

fn candidates(conn: &mut PgConnection, channel: &Channel, picks: &[Pick]) -> QueryResult<Vec<Candidate>> {
    let mut wanted =
        FindCandidates { products: Vec::new(), variants: Vec::new(), skus: Vec::new(), channel: channel.id };
    for pick in picks {
        match pick {
            Pick::Product(id) => wanted.products.push(*id),
            Pick::Variant(id) => wanted.variants.push(*id),
            Pick::Sku(sku) => wanted.skus.push(sku.clone()),
        }
    }
    wanted.load(conn)
}
