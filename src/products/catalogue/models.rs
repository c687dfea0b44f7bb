//! Rows of `products` and `variants`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use rust_decimal::Decimal;
use serde_json::Value;

use super::errors::CatalogueError;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{CategoryId, IdOrSlug, ProductId, Slug, VariantId};
use crate::schema::{products, variants};

/// What is shown.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = products)]
pub struct Product {
    pub id: ProductId,
    pub category_id: Option<CategoryId>,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    pub is_active: bool,
    pub archived_at: Option<DateTime<Utc>>,
    pub metadata: Value,
    /// Not for customers.
    pub private_metadata: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Product {
    /// Archived ones are nowhere to be found.
    pub(super) fn find(conn: &mut PgConnection, reference: &IdOrSlug<ProductId>) -> QueryResult<Option<Self>> {
        let unarchived = Self::query().filter(products::archived_at.is_null());
        match reference {
            IdOrSlug::Id(id) => unarchived.filter(products::id.eq(id)).first(conn).optional(),
            IdOrSlug::Slug(slug) => unarchived.filter(products::slug.eq(slug)).first(conn).optional(),
        }
    }

    /// Those of these that are not archived.
    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[ProductId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(products::id.eq_any(ids)).filter(products::archived_at.is_null()).load(conn)
    }

    pub(super) fn lock(conn: &mut PgConnection, reference: &IdOrSlug<ProductId>) -> QueryResult<Option<Self>> {
        // Not FOR UPDATE: order lines that refer to the product may be written meanwhile.
        let unarchived = Self::query().filter(products::archived_at.is_null()).for_no_key_update();
        match reference {
            IdOrSlug::Id(id) => unarchived.filter(products::id.eq(id)).first(conn).optional(),
            IdOrSlug::Slug(slug) => unarchived.filter(products::slug.eq(slug)).first(conn).optional(),
        }
    }

    /// Whether there are any, archived ones included.
    pub(super) fn exist(conn: &mut PgConnection) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(products::table.select(products::id))).get_result(conn)
    }

    pub(super) fn insert(&self, conn: &mut PgConnection) -> Result<(), CatalogueError> {
        let inserted = diesel::insert_into(products::table).values(self).execute(conn);
        inserted.on_constraint("products_slug_key", || CatalogueError::SlugTaken).map(|_| ())
    }

    /// Whoever makes the same slug from a name waits until this transaction ends.
    pub(super) fn hold_slug(conn: &mut PgConnection, slug: &Slug) -> QueryResult<()> {
        diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(format!("products.slug:{slug}"))
            .execute(conn)
            .map(|_| ())
    }

    pub(super) fn slug_exists(conn: &mut PgConnection, slug: &Slug) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(products::table.filter(products::slug.eq(slug)))).get_result(conn)
    }

    pub(super) fn archive(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(
            variants::table.filter(variants::product_id.eq(self.id)).filter(variants::archived_at.is_null()),
        )
        .set((variants::archived_at.eq(now), variants::version.eq(variants::version + 1)))
        .execute(conn)?;
        diesel::update(products::table.find(self.id))
            .set((
                products::archived_at.eq(now),
                products::is_active.eq(false),
                products::version.eq(products::version + 1),
                products::updated_at.eq(now),
            ))
            .execute(conn)
            .map(|_| ())
    }
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = products)]
pub(super) struct ProductChanges {
    pub category_id: Option<Option<CategoryId>>,
    pub name: Option<String>,
    pub slug: Option<Slug>,
    pub description: Option<String>,
    pub is_active: Option<bool>,
    pub metadata: Option<Value>,
    pub private_metadata: Option<Value>,
}

impl ProductChanges {
    pub fn apply(&self, conn: &mut PgConnection, id: ProductId, now: DateTime<Utc>) -> Result<Product, CatalogueError> {
        let changed = diesel::update(products::table.find(id))
            .set((self, products::version.eq(products::version + 1), products::updated_at.eq(now)))
            .returning(Product::as_returning())
            .get_result(conn);
        changed.on_constraint("products_slug_key", || CatalogueError::SlugTaken)
    }
}

/// What is bought.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = variants)]
pub struct Variant {
    pub id: VariantId,
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub options: Value,
    /// What one costs the shop, in the default channel's currency.
    pub cost: Option<Decimal>,
    pub tracks_stock: bool,
    pub sort_order: i32,
    pub archived_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Variant {
    /// Those of these products that are not archived, in their order.
    pub(super) fn of_products(conn: &mut PgConnection, products: &[ProductId]) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(variants::product_id.eq_any(products))
            .filter(variants::archived_at.is_null())
            .order((variants::product_id, variants::sort_order, variants::id))
            .load(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: VariantId) -> QueryResult<Option<Self>> {
        Self::query().filter(variants::id.eq(id)).filter(variants::archived_at.is_null()).first(conn).optional()
    }

    /// Those of these that are not archived, with the product they belong to.
    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[VariantId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(variants::id.eq_any(ids)).filter(variants::archived_at.is_null()).load(conn)
    }

    pub(super) fn insert_all(conn: &mut PgConnection, variants: &[Self]) -> Result<(), CatalogueError> {
        let inserted = diesel::insert_into(variants::table).values(variants).execute(conn);
        inserted.on_constraint("variants_sku_key", || CatalogueError::SkuTaken).map(|_| ())
    }

    /// The places of SKUs that are taken, by archived variants too, or stand earlier in the list. Case does not count,
    /// as the database's own index sees it.
    pub(super) fn places_of_taken_skus(conn: &mut PgConnection, skus: &[&str]) -> QueryResult<Vec<usize>> {
        #[derive(QueryableByName)]
        struct Taken {
            #[diesel(sql_type = BigInt)]
            place: i64,
        }
        let rows: Vec<Taken> = diesel::sql_query(
            "select place - 1 as place from ( \
                 select lower(sku) as sku, place, row_number() over (partition by lower(sku) order by place) as turn \
                 from unnest($1::text[]) with ordinality as given (sku, place)) as given \
             where turn > 1 or exists (select from variants v where lower(v.sku) = given.sku) order by place",
        )
        .bind::<Array<Text>, _>(skus)
        .load(conn)?;
        Ok(rows.into_iter().filter_map(|taken| usize::try_from(taken.place).ok()).collect())
    }

    pub(super) fn archive(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(variants::table.find(self.id))
            .set((
                variants::archived_at.eq(now),
                variants::updated_at.eq(now),
                variants::version.eq(variants::version + 1),
            ))
            .execute(conn)
            .map(|_| ())
    }
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = variants)]
pub(super) struct VariantChanges {
    pub sku: Option<String>,
    pub name: Option<String>,
    pub options: Option<Value>,
    pub cost: Option<Option<Decimal>>,
    pub tracks_stock: Option<bool>,
    pub sort_order: Option<i32>,
}

impl VariantChanges {
    pub fn apply(&self, conn: &mut PgConnection, id: VariantId, now: DateTime<Utc>) -> Result<Variant, CatalogueError> {
        diesel::update(variants::table.find(id))
            .set((self, variants::version.eq(variants::version + 1), variants::updated_at.eq(now)))
            .returning(Variant::as_returning())
            .get_result(conn)
            .on_constraint("variants_sku_key", || CatalogueError::SkuTaken)
    }
}
