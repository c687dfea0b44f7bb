//! Rows of the product import.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

use crate::products::catalogue::models::{Product, Variant};
use crate::products::ids::{ProductId, VariantId};
use crate::schema::{products, variants};

/// Number of rows per insert. PostgreSQL accepts at most 65,535 parameters in a statement.
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

/// Returns the products with these ids, archived or not, locked in the order of their ids.
pub(super) fn lock_products(conn: &mut PgConnection, ids: &[ProductId]) -> QueryResult<HashMap<ProductId, Product>> {
    let rows =
        Product::query().filter(products::id.eq_any(ids)).order(products::id).for_update().load::<Product>(conn)?;
    Ok(rows.into_iter().map(|product| (product.id, product)).collect())
}

/// Updates the columns of a product that an import can change.
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

/// Stored variant with the columns that an import can change.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub(super) struct StoredVariant {
    #[diesel(sql_type = Text)]
    /// SKU as the file spells it.
    pub requested_sku: String,
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
    /// Returns the variants with these SKUs, archived or not. Compares SKUs like the unique index.
    pub fn find_by_sku(conn: &mut PgConnection, skus: &[&str]) -> QueryResult<Vec<Self>> {
        diesel::sql_query(
            "select requested.sku as requested_sku, variants.id, variants.product_id, variants.options, variants.archived_at \
             from unnest($1) as requested (sku) join variants on lower(variants.sku) = lower(requested.sku)",
        )
        .bind::<Array<Text>, _>(skus)
        .load(conn)
    }

    /// Updates the columns of a variant that an import can change.
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
