//! Rows of `products` and `variants`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel::sql_types::{Array, BigInt, Text};
use rust_decimal::Decimal;
use serde_json::Value;

use super::errors::CatalogueError;
use crate::platform::error::ConstraintExt;
use crate::products::ids::{CategoryId, ProductId, VariantId};
use crate::products::slug::{IdOrSlug, Slug};
use crate::schema::{products, variants};

/// Product of the catalogue. Customers buy its variants.
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
    /// Visible only to principals with `products.view_private`.
    pub private_metadata: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Product {
    /// Returns the product with this id or slug unless it is archived.
    pub(super) fn find(conn: &mut PgConnection, reference: &IdOrSlug<ProductId>) -> QueryResult<Option<Self>> {
        let unarchived = Self::query().filter(products::archived_at.is_null());
        match reference {
            IdOrSlug::Id(id) => unarchived.filter(products::id.eq(id)).first(conn).optional(),
            IdOrSlug::Slug(slug) => unarchived.filter(products::slug.eq(slug)).first(conn).optional(),
        }
    }

    /// Returns the products with these ids, without archived ones.
    pub(super) fn load_by_ids(conn: &mut PgConnection, ids: &[ProductId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(products::id.eq_any(ids)).filter(products::archived_at.is_null()).load(conn)
    }

    pub(super) fn lock(conn: &mut PgConnection, reference: &IdOrSlug<ProductId>) -> QueryResult<Option<Self>> {
        // `for no key update` does not block inserts of order lines that reference the product.
        let unarchived = Self::query().filter(products::archived_at.is_null()).for_no_key_update();
        match reference {
            IdOrSlug::Id(id) => unarchived.filter(products::id.eq(id)).first(conn).optional(),
            IdOrSlug::Slug(slug) => unarchived.filter(products::slug.eq(slug)).first(conn).optional(),
        }
    }

    /// Returns true if any product exists, archived or not.
    pub(super) fn any_exists(conn: &mut PgConnection) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(products::table.select(products::id))).get_result(conn)
    }

    pub(super) fn insert(&self, conn: &mut PgConnection) -> Result<(), CatalogueError> {
        let inserted = diesel::insert_into(products::table).values(self).execute(conn);
        inserted.on_constraint("products_slug_key", || CatalogueError::SlugTaken).map(|_| ())
    }

    /// Locks the slug until the transaction ends, so that concurrent requests cannot generate it twice.
    pub(super) fn lock_slug(conn: &mut PgConnection, slug: &Slug) -> QueryResult<()> {
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

/// Changed columns of a product; `None` leaves a column unchanged.
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
        let updated = diesel::update(products::table.find(id))
            .set((self, products::version.eq(products::version + 1), products::updated_at.eq(now)))
            .returning(Product::as_returning())
            .get_result(conn);
        updated.on_constraint("products_slug_key", || CatalogueError::SlugTaken)
    }
}

/// Variant of a product, the unit that customers buy.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = variants)]
pub struct Variant {
    pub id: VariantId,
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub options: Value,
    /// Purchase cost per unit, in the currency of the default channel.
    pub cost: Option<Decimal>,
    pub tracks_stock: bool,
    pub sort_order: i32,
    pub archived_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Variant {
    /// Returns the unarchived variants of the products, in display order.
    pub(super) fn load_for_products(conn: &mut PgConnection, products: &[ProductId]) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(variants::product_id.eq_any(products))
            .filter(variants::archived_at.is_null())
            .order((variants::product_id, variants::sort_order, variants::id))
            .load(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: VariantId) -> QueryResult<Option<Self>> {
        Self::query().filter(variants::id.eq(id)).filter(variants::archived_at.is_null()).first(conn).optional()
    }

    /// Returns the variants with these ids, without archived ones.
    pub(super) fn load_by_ids(conn: &mut PgConnection, ids: &[VariantId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(variants::id.eq_any(ids)).filter(variants::archived_at.is_null()).load(conn)
    }

    pub(super) fn insert_all(conn: &mut PgConnection, variants: &[Self]) -> Result<(), CatalogueError> {
        let inserted = diesel::insert_into(variants::table).values(variants).execute(conn);
        inserted.on_constraint("variants_sku_key", || CatalogueError::SkuTaken).map(|_| ())
    }

    /// Returns the indices of SKUs that a variant has, archived or not, or that occur earlier in the list.
    /// Ignores case as the unique index does.
    pub(super) fn positions_of_taken_skus(conn: &mut PgConnection, skus: &[&str]) -> QueryResult<Vec<usize>> {
        #[derive(QueryableByName)]
        struct TakenSku {
            #[diesel(sql_type = BigInt)]
            index: i64,
        }
        let rows: Vec<TakenSku> = diesel::sql_query(
            "select number - 1 as index from ( \
                 select lower(sku) as sku, number, \
                        row_number() over (partition by lower(sku) order by number) as occurrence \
                 from unnest($1::text[]) with ordinality as given (sku, number)) as given \
             where occurrence > 1 or exists (select from variants v where lower(v.sku) = given.sku) order by number",
        )
        .bind::<Array<Text>, _>(skus)
        .load(conn)?;
        let index = |row: TakenSku| usize::try_from(row.index).map_err(|error| DeserializationError(Box::new(error)));
        rows.into_iter().map(index).collect()
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

/// Changed columns of a variant; `None` leaves a column unchanged.
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
