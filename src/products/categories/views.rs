//! JSON representation of categories.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{Category, PriceSummary, product_counts};
use crate::platform::api::{ExpandedResources, LoadView, Relation, Resource, View, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::types::{Currency, DecimalString, Money};
use crate::products::ids::CategoryId;
use crate::products::slug::Slug;

/// Category of the category tree.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Category, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d13", "name": "Mugs", "slug": "mugs", "description": "Mugs and cups.",
    "parent": null, "level": 0, "sort_order": 1, "product_count": 1, "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = Category)]
#[view(relations(Relation::reference("parent", expandable, || Self::RELATIONS)))]
pub struct CategoryView {
    pub id: CategoryId,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    /// Id of the parent category; null for a root.
    #[view(field = parent_id)]
    pub parent: Option<CategoryId>,
    /// Depth in the tree: 0 for a root.
    pub level: i32,
    /// Position among the siblings; lower values come first.
    pub sort_order: i32,
    /// Number of active products directly in this category.
    #[view(lookup = product_counts)]
    pub product_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Loads the categories that replace their ids in an expanded response. All categories are public.
pub fn expandable(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let rows = Category::load_by_ids(conn, &parse_keys(ids))?;
    ExpandedResources::new(CategoryView::load(conn, rows)?, principal, |view| view.id.to_string())
}

/// Category with its descendants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryNode, example = json!({"id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d13", "name": "Mugs", "slug": "mugs", "level": 0, "children": []}))]
pub struct CategoryNode {
    pub id: CategoryId,
    pub name: String,
    pub slug: Slug,
    pub level: i32,
    #[schema(no_recursion)]
    pub children: Vec<CategoryNode>,
}

impl Resource for CategoryNode {}

impl CategoryNode {
    /// Builds the trees from categories that are sorted parents first, siblings in sort order.
    pub fn forest(categories: Vec<Category>) -> Vec<Self> {
        let mut children_of: HashMap<Option<CategoryId>, Vec<Self>> = HashMap::new();
        // Start at the deepest level, so that the children of each node are complete.
        for category in categories.into_iter().rev() {
            let mut children = children_of.remove(&Some(category.id)).unwrap_or_default();
            children.reverse();
            let Category { id, name, slug, level, parent_id, .. } = category;
            children_of.entry(parent_id).or_default().push(Self { id, name, slug, level, children });
        }
        let mut roots = children_of.remove(&None).unwrap_or_default();
        roots.reverse();
        roots
    }
}

/// Prices of all variants of active products in a category and its descendants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceSummary, example = json!({
    "product_count": 1, "average_price": "12.50", "lowest_price": "12.50", "highest_price": "12.50",
    "currency": "EUR",
}))]
pub struct PriceSummaryView {
    pub product_count: i64,
    /// Null if the subtree contains no priced variant.
    pub average_price: Option<DecimalString>,
    pub lowest_price: Option<DecimalString>,
    pub highest_price: Option<DecimalString>,
    pub currency: Currency,
}

impl Resource for PriceSummaryView {}

impl PriceSummaryView {
    pub(super) fn new(summary: &PriceSummary, currency: Currency) -> Self {
        let format = |amount: Option<Decimal>| amount.map(|amount| Money::new(amount, currency).to_decimal_string());
        Self {
            product_count: summary.products,
            average_price: summary.average.map(|average| Money::new(average, currency).rounded().to_decimal_string()),
            lowest_price: format(summary.lowest),
            highest_price: format(summary.highest),
            currency,
        }
    }
}
