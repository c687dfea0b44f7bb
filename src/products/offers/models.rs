//! Query of the variants of products with their price in the default channel and their availability.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::platform::db::fixed_statement;
use crate::platform::types::Currency;
use crate::products::ids::{ProductId, VariantId};

/// Variant with its price in the default channel and its availability.
#[derive(Debug, Clone, Queryable)]
pub struct VariantOffer {
    pub product: ProductId,
    pub variant: VariantId,
    pub sku: String,
    pub name: String,
    pub options: Value,
    pub tracks_stock: bool,
    pub currency: Currency,
    /// `None` if the variant has no price in the channel.
    pub price: Option<Decimal>,
    /// Purchase cost per unit.
    pub cost: Option<Decimal>,
    /// Quantity that active warehouses can still sell.
    pub available: i64,
}

fixed_statement! {
    /// Sorts the variants of a product in display order.
    struct FindOffers {
        products: Vec<ProductId> => Array<SqlUuid>,
    } -> (SqlUuid, SqlUuid, Text, Text, Jsonb, Bool, Text, Nullable<Numeric>, Nullable<Numeric>, BigInt);
    "select v.product_id, v.id, v.sku, v.name, v.options, v.tracks_stock, c.currency::text, vp.amount, v.cost, \
            coalesce((select sum(s.quantity + s.backorder_limit - s.allocated) \
                      from stocks s join warehouses w on w.id = s.warehouse_id \
                      where s.variant_id = v.id and w.is_active), 0) \
     from variants v join channels c on c.is_default \
     left join variant_prices vp on vp.variant_id = v.id and vp.channel_id = c.id \
     where v.product_id = any((select products from input)::uuid[]) and v.archived_at is null \
     order by v.product_id, v.sort_order, v.id"
}

impl VariantOffer {
    /// Returns the offers of all unarchived variants of the products.
    pub fn load_for_products(conn: &mut PgConnection, products: Vec<ProductId>) -> QueryResult<Vec<Self>> {
        FindOffers { products }.load(conn)
    }
}
