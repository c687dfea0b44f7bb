//! The rows that imports of products read and write.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

use crate::platform::types::{ProductId, VariantId};
use crate::products::catalogue::models::{Product, Variant};
use crate::schema::{products, variants};

/// Rows of one insert: PostgreSQL takes 65,535 values in a statement.
const CHUNK: usize = 5000;

pub(super) fn insert_products(conn: &mut PgConnection, rows: &[Product]) -> QueryResult<()> {
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(products::table).values(chunk).execute(conn)?;
    }
    Ok(())
}

pub(super) fn insert_variants(conn: &mut PgConnection, rows: &[Variant]) -> QueryResult<()> {
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(variants::table).values(chunk).execute(conn)?;
    }
    Ok(())
}

/// Products by their ids, archived ones too, locked in one fixed order.
pub(super) fn lock_products(conn: &mut PgConnection, ids: &[ProductId]) -> QueryResult<HashMap<ProductId, Product>> {
    let rows =
        Product::query().filter(products::id.eq_any(ids)).order(products::id).for_update().load::<Product>(conn)?;
    Ok(rows.into_iter().map(|product| (product.id, product)).collect())
}

/// Writes what a listing may change of a product.
pub(super) fn update_product(conn: &mut PgConnection, product: &Product, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(products::table.find(product.id))
        .set((
            products::category_id.eq(product.category_id),
            products::name.eq(&product.name),
            products::description.eq(&product.description),
            products::is_active.eq(product.is_active),
            products::archived_at.eq(product.archived_at),
            products::version.eq(products::version + 1),
            products::updated_at.eq(at),
        ))
        .execute(conn)
}

/// A variant as it is, beside the SKU by which somebody asked for it.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub(super) struct StoredVariant {
    #[diesel(sql_type = Text)]
    pub asked: String,
    #[diesel(sql_type = SqlUuid)]
    pub id: VariantId,
    #[diesel(sql_type = SqlUuid)]
    pub product_id: ProductId,
    #[diesel(sql_type = Jsonb)]
    pub options: Value,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub archived_at: Option<DateTime<Utc>>,
}

impl StoredVariant {
    /// Those of these SKUs that exist, archived ones too. The database compares them, as its unique index does.
    pub fn find_by_sku(conn: &mut PgConnection, skus: &[&str]) -> QueryResult<Vec<Self>> {
        diesel::sql_query(
            "select asked.sku as asked, variants.id, variants.product_id, variants.options, variants.archived_at \
             from unnest($1) as asked (sku) join variants on lower(variants.sku) = lower(asked.sku)",
        )
        .bind::<Array<Text>, _>(skus)
        .load(conn)
    }

    /// Writes what a listing may change of a variant.
    pub fn update(&self, conn: &mut PgConnection, at: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(variants::table.find(self.id))
            .set((
                variants::options.eq(&self.options),
                variants::archived_at.eq(self.archived_at),
                variants::version.eq(variants::version + 1),
                variants::updated_at.eq(at),
            ))
            .execute(conn)
    }
}
