//! What is shown of variants: with their price in the default channel and what is left of them, in one query.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::platform::db::fixed_statement;
use crate::platform::types::{Currency, ProductId, VariantId};

/// A variant as the default channel offers it.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Offer {
    pub product: ProductId,
    pub variant: VariantId,
    pub sku: String,
    pub name: String,
    pub options: Value,
    pub tracks_stock: bool,
    pub currency: Currency,
    /// None: not for sale there.
    pub price: Option<Decimal>,
    /// What it costs the shop.
    pub cost: Option<Decimal>,
    /// What active warehouses may still promise.
    pub available: i64,
}

fixed_statement! {
    /// In the order in which a product shows its variants.
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

impl Offer {
    pub fn of_products(conn: &mut PgConnection, products: Vec<ProductId>) -> QueryResult<Vec<Self>> {
        FindOffers { products }.load(conn)
    }
}
