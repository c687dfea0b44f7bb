//! Lists of categories: filters, search and order.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::Category;
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Ranges, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::platform::types::CategoryId;
use crate::schema::categories;

filter! {
    pub struct CategoryFilter {
        /// The id of the category above.
        "parent" => pub parent: Choices<CategoryId>,
        /// 0 for roots.
        "level" => pub level: Ranges<i32>,
        "name" => pub name: Texts,
        "slug" => pub slug: Texts,
        "created_at" => pub created_at: Moments,
        "updated_at" => pub updated_at: Moments,
        /// Every word must be in the name; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// Level by level.
pub struct CategoryOrdering;

impl Ordering for CategoryOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("name", "categories.name", "text"),
        SortColumn::new("level", "categories.level", "integer"),
        SortColumn::new("sort_order", "categories.sort_order", "integer"),
        SortColumn::new("created_at", "categories.created_at", "timestamptz"),
        SortColumn::new("updated_at", "categories.updated_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "level,sort_order,name";
    const ID: SortColumn = SortColumn::new("id", "categories.id", "uuid");
}

pub(super) type CategoryList = ListRequest<CategoryFilter, CategoryOrdering>;

/// The part of the tree that is listed.
#[derive(Debug)]
pub(super) enum Part {
    All,
    ChildrenOf(CategoryId),
    These(Vec<CategoryId>),
}

impl CategoryFilter {
    /// A page of those in this part of the tree that match.
    pub(super) fn page(conn: &mut PgConnection, list: &CategoryList, part: &Part) -> Result<Slice<Category>, Problem> {
        Ok(paginate!(conn, || list.filter.query(part), Category, list))
    }

    fn query<'a>(&self, part: &'a Part) -> categories::BoxedQuery<'a, Pg> {
        let mut query = categories::table.into_boxed();
        query = match part {
            Part::All => query,
            Part::ChildrenOf(parent) => query.filter(categories::parent_id.eq(parent)),
            Part::These(ids) => query.filter(categories::id.eq_any(ids)),
        };
        narrow!(query, choices, categories::parent_id, &self.parent);
        narrow!(query, ranges, categories::level, &self.level);
        narrow!(query, texts, categories::name, &self.name);
        narrow!(query, texts, categories::slug, &self.slug);
        narrow!(query, moments, categories::created_at, &self.created_at);
        narrow!(query, moments, categories::updated_at, &self.updated_at);
        for pattern in self.search.patterns() {
            query = query.filter(categories::name.ilike(pattern));
        }
        query
    }
}
