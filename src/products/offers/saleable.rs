//! Variants that an order can buy, with their price and the values that an order line copies.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::platform::db::fixed_statement;
use crate::platform::types::{ChannelId, Currency, Money};
use crate::products::channels::Channel;
use crate::products::ids::{ProductId, VariantId};

/// Reference to a variant in an order or cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantRef {
    /// The only variant of this product.
    Product(ProductId),
    Variant(VariantId),
    Sku(String),
}

/// Variant on sale, with its current price.
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

/// Reason why a variant cannot be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnavailableReason {
    /// The variant does not exist.
    NotFound,
    /// The variant is archived, inactive or without a price in the channel.
    NotForSale,
    /// The product has several variants, so that the request must name one of them.
    Ambiguous,
}

/// Variant that a reference can match, on sale or not.
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
    /// Compares SKUs with `lower` of the database on both sides, which differs from Rust's lower case for some letters.
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
    fn matches(&self, reference: &VariantRef) -> bool {
        match reference {
            VariantRef::Product(id) => self.product == *id,
            VariantRef::Variant(id) => self.variant == *id,
            VariantRef::Sku(sku) => self.sku.to_lowercase() == sku.to_lowercase(),
        }
    }
}

/// Finds all variants in one query. Returns one result per reference, in the same order.
pub fn find_saleable(
    conn: &mut PgConnection,
    channel: &Channel,
    references: &[VariantRef],
) -> QueryResult<Vec<Result<SaleableVariant, UnavailableReason>>> {
    let candidates = load_candidates(conn, channel, references)?;
    Ok(references.iter().map(|reference| choose(reference, &candidates, channel.currency)).collect())
}

fn choose(
    reference: &VariantRef,
    candidates: &[Candidate],
    currency: Currency,
) -> Result<SaleableVariant, UnavailableReason> {
    let matching: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.matches(reference)).collect();
    let on_sale: Vec<&&Candidate> = matching.iter().filter(|c| c.is_active && !c.is_archived).collect();
    let candidate = match (matching.is_empty(), on_sale.as_slice()) {
        (true, _) => return Err(UnavailableReason::NotFound),
        (false, []) => return Err(UnavailableReason::NotForSale),
        (false, [one]) => (**one).clone(),
        (false, _) => return Err(UnavailableReason::Ambiguous),
    };
    let unit_price = Money::new(candidate.price.ok_or(UnavailableReason::NotForSale)?, currency);
    let Candidate { product, variant, product_name, variant_name, sku, options, tracks_stock, .. } = candidate;
    Ok(SaleableVariant { product, variant, product_name, variant_name, sku, options, unit_price, tracks_stock })
}

fn load_candidates(
    conn: &mut PgConnection,
    channel: &Channel,
    references: &[VariantRef],
) -> QueryResult<Vec<Candidate>> {
    let mut query =
        FindCandidates { products: Vec::new(), variants: Vec::new(), skus: Vec::new(), channel: channel.id };
    for reference in references {
        match reference {
            VariantRef::Product(id) => query.products.push(*id),
            VariantRef::Variant(id) => query.variants.push(*id),
            VariantRef::Sku(sku) => query.skus.push(sku.clone()),
        }
    }
    query.load(conn)
}
