//! Rows of `categories`, recursive queries over the tree, and the request bodies that change categories.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Numeric, Uuid as SqlUuid};
use rust_decimal::Decimal;

use super::errors::CategoryError;
use crate::platform::error::ConstraintExt;
use crate::platform::http::{Field, request_body};
use crate::platform::types::{ChannelId, NonEmptyText, Text};
use crate::products::ids::CategoryId;
use crate::products::slug::{IdOrSlug, Slug};
use crate::schema::{categories, products};

/// Key of the advisory lock that serializes changes of the tree structure.
const TREE_LOCK: i64 = 0x5452_4545;

/// Category of the tree.
#[derive(Debug, Clone, HasQuery, QueryableByName)]
#[diesel(table_name = categories)]
pub struct Category {
    pub id: CategoryId,
    pub parent_id: Option<CategoryId>,
    /// Depth in the tree: 0 for a root.
    pub level: i32,
    pub sort_order: i32,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

const CATEGORY_COLUMNS: &str =
    "id, parent_id, level, sort_order, name, slug, description, version, created_at, updated_at";

impl Category {
    pub fn find(conn: &mut PgConnection, reference: &IdOrSlug<CategoryId>) -> QueryResult<Option<Self>> {
        match reference {
            IdOrSlug::Id(id) => Self::query().filter(categories::id.eq(id)).first(conn).optional(),
            IdOrSlug::Slug(slug) => Self::query().filter(categories::slug.eq(slug)).first(conn).optional(),
        }
    }

    /// Returns true if the category exists, and then prevents its deletion until the transaction ends.
    pub fn lock_existing(conn: &mut PgConnection, id: CategoryId) -> QueryResult<bool> {
        let row = categories::table.find(id).select(categories::id).for_key_share();
        Ok(row.first::<CategoryId>(conn).optional()?.is_some())
    }

    /// Locks the category for its deletion: waits for transactions that assign products to it, and blocks further ones.
    pub(super) fn lock_for_delete(&self, conn: &mut PgConnection) -> QueryResult<()> {
        categories::table.find(self.id).select(categories::id).for_update().first::<CategoryId>(conn).map(|_| ())
    }

    /// Returns the whole tree, parents before their children, siblings in sort order.
    pub fn load_tree(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((categories::level, categories::sort_order, categories::name, categories::id)).load(conn)
    }

    /// Returns the ancestors, from the root to the parent.
    pub fn ancestors(&self, conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        diesel::sql_query(format!(
            "with recursive up as ( \
                 select c.* from categories c where c.id = $1 \
                 union all \
                 select c.* from categories c join up on c.id = up.parent_id) \
             select {CATEGORY_COLUMNS} from up where id <> $1 order by level"
        ))
        .bind::<SqlUuid, _>(self.id)
        .load(conn)
    }

    pub fn load_by_ids(conn: &mut PgConnection, ids: &[CategoryId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(categories::id.eq_any(ids)).load(conn)
    }

    pub(super) fn insert(&self, conn: &mut PgConnection) -> Result<Self, CategoryError> {
        diesel::insert_into(categories::table)
            .values((
                categories::id.eq(self.id),
                categories::parent_id.eq(self.parent_id),
                categories::level.eq(self.level),
                categories::sort_order.eq(self.sort_order),
                categories::name.eq(&self.name),
                categories::slug.eq(&self.slug),
                categories::description.eq(&self.description),
                categories::created_at.eq(self.created_at),
                categories::updated_at.eq(self.updated_at),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("categories_slug_key", || CategoryError::SlugTaken)
    }

    /// Moves the category and its descendants below another parent. `subtree` contains the ids of all of them.
    pub(super) fn move_below(
        &self,
        conn: &mut PgConnection,
        parent: Option<&Self>,
        subtree: &[CategoryId],
    ) -> QueryResult<()> {
        let level = parent.map_or(0, |parent| parent.level + 1);
        diesel::sql_query(
            "update categories set level = level + $1, version = version + 1, \
                 parent_id = case when id = $2 then $3 else parent_id end \
             where id = any($4)",
        )
        .bind::<Integer, _>(level - self.level)
        .bind::<SqlUuid, _>(self.id)
        .bind::<Nullable<SqlUuid>, _>(parent.map(|parent| parent.id))
        .bind::<Array<SqlUuid>, _>(subtree)
        .execute(conn)
        .map(|_| ())
    }

    pub(super) fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(categories::table.find(self.id)).execute(conn)
    }

    pub(super) fn count_children(&self, conn: &mut PgConnection) -> QueryResult<i64> {
        categories::table.filter(categories::parent_id.eq(self.id)).count().get_result(conn)
    }

    /// Returns the number of products in the category. Archived products count: they also prevent the deletion.
    pub(super) fn count_products(&self, conn: &mut PgConnection) -> QueryResult<i64> {
        products::table.filter(products::category_id.eq(self.id)).count().get_result(conn)
    }
}

#[request_body(CategoryRequest, patch = PatchedCategoryBody, table = categories)]
#[derive(Debug, Clone)]
#[schema(example = json!({"name": "Mugs", "slug": "mugs", "description": "Mugs and cups.", "parent": null, "sort_order": 1}))]
pub struct CategoryBody {
    #[schema(example = "Mugs")]
    pub name: NonEmptyText<150>,
    /// Generated from the name if absent.
    pub slug: Option<Slug>,
    pub description: Option<Text<5000>>,
    /// Id of the parent category. Null makes the category a root.
    #[body(skip)]
    pub parent: Field<CategoryId>,
    /// Position among the siblings. Default for a new category: the last position.
    pub sort_order: Option<i32>,
}

#[request_body(MoveCategoryRequest)]
#[derive(Debug, Clone)]
pub struct MoveCategoryBody {
    /// Id of the new parent category. Null makes the category a root.
    pub parent: Field<CategoryId>,
    pub sort_order: Option<i32>,
}

impl PatchedCategoryBody {
    /// Updates the columns except the parent.
    pub(super) fn apply(
        &self,
        conn: &mut PgConnection,
        id: CategoryId,
        now: DateTime<Utc>,
    ) -> Result<Category, CategoryError> {
        diesel::update(categories::table.find(id))
            .set((self, categories::version.eq(categories::version + 1), categories::updated_at.eq(now)))
            .returning(Category::as_returning())
            .get_result(conn)
            .on_constraint("categories_slug_key", || CategoryError::SlugTaken)
    }
}

/// Locks the tree structure until the transaction ends.
pub(super) fn lock_tree(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(format!("select pg_advisory_xact_lock({TREE_LOCK})")).execute(conn).map(|_| ())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: CategoryId,
}

/// Returns the ids of a category and its descendants.
pub fn subtree_ids(conn: &mut PgConnection, root: CategoryId) -> QueryResult<Vec<CategoryId>> {
    let rows: Vec<IdRow> = diesel::sql_query(
        "with recursive down as ( \
             select id from categories where id = $1 \
             union all \
             select c.id from categories c join down on c.parent_id = down.id) \
         select id from down",
    )
    .bind::<SqlUuid, _>(root)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns the sort order after the last child of a parent.
pub(super) fn next_sort_order(conn: &mut PgConnection, parent: Option<CategoryId>) -> QueryResult<i32> {
    let siblings = categories::table.filter(categories::parent_id.is_not_distinct_from(parent));
    let last: Option<i32> = siblings.select(max(categories::sort_order)).first(conn)?;
    Ok(last.map_or(0, |last| last.saturating_add(1)))
}

/// Returns the number of active products directly in each of the categories.
pub(super) fn product_counts(conn: &mut PgConnection, ids: &[CategoryId]) -> QueryResult<HashMap<CategoryId, i64>> {
    let rows: Vec<(Option<CategoryId>, i64)> = products::table
        .filter(products::category_id.eq_any(ids))
        .filter(products::is_active)
        .group_by(products::category_id)
        .select((products::category_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, count)| Some((id?, count))).collect())
}

/// Returns a value that changes with every change of the tree. It hashes the ids and versions of all categories.
pub(super) fn tree_fingerprint(conn: &mut PgConnection) -> QueryResult<String> {
    let all = "count(*) || ':' || coalesce(sum(hashtextextended(id::text, version)), 0)";
    categories::table.select(diesel::dsl::sql::<diesel::sql_types::Text>(all)).first(conn)
}

/// Prices of the active products in a subtree.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct PriceSummary {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub products: i64,
    #[diesel(sql_type = Nullable<Numeric>)]
    pub average: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    pub lowest: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    pub highest: Option<Decimal>,
}

impl PriceSummary {
    /// Returns the summary over all variants of active products in the categories. Each variant counts once.
    pub fn load(conn: &mut PgConnection, ids: &[CategoryId], channel: ChannelId) -> QueryResult<Self> {
        diesel::sql_query(
            "select count(distinct p.id) as products, round(avg(vp.amount), 6) as average, \
                    min(vp.amount) as lowest, max(vp.amount) as highest \
             from products p \
             join variants v on v.product_id = p.id and v.archived_at is null \
             join variant_prices vp on vp.variant_id = v.id and vp.channel_id = $2 \
             where p.category_id = any($1) and p.is_active",
        )
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<SqlUuid, _>(channel)
        .get_result(conn)
    }
}
