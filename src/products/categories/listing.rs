//! Lists of categories: filters, search and order.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::Category;
use crate::platform::error::Problem;
use crate::platform::http::{OrderKey, Page, Sort, filter, like_pattern, search_terms};
use crate::platform::types::CategoryId;
use crate::schema::categories;

filter! {
    pub struct CategoryFilter {
        /// Only the children of this category.
        "parent" => pub parent: CategoryId,
        /// Only this level; 0 for roots.
        "level" => pub level: i32,
        /// Every word must be in the name.
        "search" => pub search: String,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryKey {
    Name,
    Level,
    SortOrder,
}

impl OrderKey for CategoryKey {
    const KEYS: &'static [(&'static str, Self)] =
        &[("name", Self::Name), ("level", Self::Level), ("sort_order", Self::SortOrder)];
}

type Boxed<'a> = categories::BoxedQuery<'a, Pg>;

fn filtered<'a>(filter: &CategoryFilter) -> Boxed<'a> {
    let mut query = categories::table.into_boxed();
    if let Some(parent) = filter.parent {
        query = query.filter(categories::parent_id.eq(parent));
    }
    if let Some(level) = filter.level {
        query = query.filter(categories::level.eq(level));
    }
    for term in search_terms(filter.search.as_deref().unwrap_or_default()) {
        query = query.filter(categories::name.ilike(like_pattern(&term)));
    }
    query
}

fn sorted<'a>(mut query: Boxed<'a>, sort: &Sort<CategoryKey>) -> Boxed<'a> {
    for by in &sort.0 {
        query = match (by.key, by.is_descending) {
            (CategoryKey::Name, false) => query.then_order_by(categories::name),
            (CategoryKey::Name, true) => query.then_order_by(categories::name.desc()),
            (CategoryKey::Level, false) => query.then_order_by(categories::level),
            (CategoryKey::Level, true) => query.then_order_by(categories::level.desc()),
            (CategoryKey::SortOrder, false) => query.then_order_by(categories::sort_order),
            (CategoryKey::SortOrder, true) => query.then_order_by(categories::sort_order.desc()),
        };
    }
    if sort.0.is_empty() {
        query = query.order((categories::level, categories::sort_order, categories::name));
    }
    query.then_order_by(categories::id)
}

impl CategoryFilter {
    /// Only the children of one.
    pub(super) fn children_of(parent: CategoryId) -> Self {
        Self { parent: Some(parent), ..Self::default() }
    }

    /// The count of all, and the rows of the page.
    pub(super) fn page(
        &self,
        conn: &mut PgConnection,
        sort: &Sort<CategoryKey>,
        page: &Page,
    ) -> Result<(i64, Vec<Category>), Problem> {
        let count: i64 = filtered(self).count().get_result(conn)?;
        let rows = sorted(filtered(self), sort).limit(page.limit()).offset(page.offset(count)?);
        Ok((count, rows.select(Category::as_select()).load(conn)?))
    }
}
