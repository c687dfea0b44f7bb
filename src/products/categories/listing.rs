//! Filters, search and ordering of category lists.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::Category;
use crate::platform::api::{
    ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, RangeLookups, Search, TextLookups,
};
use crate::products::ids::CategoryId;
use crate::schema::categories;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = categories, row = Category)]
#[list(order_by(name, level, sort_order, created_at, updated_at), default = "level,sort_order,name")]
pub struct CategoryFilter {
    /// Id of the parent category.
    #[list(column = parent_id)]
    pub parent: ChoiceLookups<CategoryId>,
    /// Depth in the tree: 0 for root categories.
    pub level: RangeLookups<i32>,
    pub name: TextLookups,
    pub slug: TextLookups,
    pub created_at: DateTimeLookups,
    pub updated_at: DateTimeLookups,
    /// Matches categories whose name contains every word; a "quoted phrase" counts as one word.
    #[list(search(name))]
    pub search: Search,
}

pub(super) type CategoryList = ListRequest<CategoryFilter>;

/// Returns the query of the direct subcategories of a category.
pub(super) fn children_of(parent: CategoryId) -> categories::BoxedQuery<'static, Pg> {
    categories::table.filter(categories::parent_id.eq(parent)).into_boxed()
}

/// Returns the query of the categories with these ids.
pub(super) fn with_ids(ids: &[CategoryId]) -> categories::BoxedQuery<'static, Pg> {
    categories::table.filter(categories::id.eq_any(ids.to_vec())).into_boxed()
}
