//! Categories as JSON, and what may be sent to make and change them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{Category, CategoryChanges, PriceSummary, product_counts};
use super::services::NewCategory;
use crate::platform::api::{Loaded, Relation, Resource, keys};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::http::{Field, body, patch_body};
use crate::platform::types::{CategoryId, Currency, DecimalString, Line, Money, Paragraph, Slug};

/// A place in the tree of categories.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryView {
    pub id: CategoryId,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    /// The category above; null for a root.
    pub parent: Option<CategoryId>,
    /// How far from the root: 0 for a root.
    pub level: i32,
    /// The place among its siblings.
    pub sort_order: i32,
    /// Products on sale that are filed directly here.
    pub product_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for CategoryView {
    const RELATIONS: &'static [Relation] = &[Relation::reference("parent", expandable, || Self::RELATIONS)];

    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// Categories in place of their ids; everybody sees all of them.
pub fn expandable(conn: &mut PgConnection, principal: Option<&Principal>, ids: &[String]) -> Result<Loaded, Problem> {
    let rows = Category::with_ids(conn, &keys(ids))?;
    Loaded::of(CategoryView::of_all(conn, rows)?, principal, |view| view.id.to_string())
}

impl CategoryView {
    pub fn of(conn: &mut PgConnection, category: Category) -> QueryResult<Self> {
        let counts = product_counts(conn, &[category.id])?;
        Ok(Self::new(category, &counts))
    }

    pub fn of_all(conn: &mut PgConnection, categories: Vec<Category>) -> QueryResult<Vec<Self>> {
        let ids: Vec<_> = categories.iter().map(|category| category.id).collect();
        let counts = product_counts(conn, &ids)?;
        Ok(categories.into_iter().map(|category| Self::new(category, &counts)).collect())
    }

    fn new(category: Category, counts: &HashMap<CategoryId, i64>) -> Self {
        Self {
            product_count: counts.get(&category.id).copied().unwrap_or_default(),
            id: category.id,
            name: category.name,
            slug: category.slug,
            description: category.description,
            parent: category.parent_id,
            level: category.level,
            sort_order: category.sort_order,
            created_at: category.created_at,
            updated_at: category.updated_at,
            version: category.version,
        }
    }
}

/// A category with all below it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryNode)]
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
    /// Builds the trees from categories that come parents first, siblings in their order.
    pub fn forest(categories: Vec<Category>) -> Vec<Self> {
        let mut below: HashMap<Option<CategoryId>, Vec<Self>> = HashMap::new();
        // From the deepest level up, so that each node finds its children complete.
        for category in categories.into_iter().rev() {
            let mut children = below.remove(&Some(category.id)).unwrap_or_default();
            children.reverse();
            let Category { id, name, slug, level, parent_id, .. } = category;
            below.entry(parent_id).or_default().push(Self { id, name, slug, level, children });
        }
        let mut roots = below.remove(&None).unwrap_or_default();
        roots.reverse();
        roots
    }
}

/// Prices in a whole subtree, over all variants on sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceSummary)]
pub struct PriceSummaryView {
    pub product_count: i64,
    /// Null where nothing is on sale.
    pub average_price: Option<DecimalString>,
    pub lowest_price: Option<DecimalString>,
    pub highest_price: Option<DecimalString>,
    pub currency: Currency,
}

impl Resource for PriceSummaryView {}

impl PriceSummaryView {
    pub(super) fn new(summary: &PriceSummary, currency: Currency) -> Self {
        let shown = |amount: Option<Decimal>| amount.map(|amount| Money::new(amount, currency).shown());
        Self {
            product_count: summary.products,
            average_price: summary.average.map(|average| Money::new(average, currency).rounded().shown()),
            lowest_price: shown(summary.lowest),
            highest_price: shown(summary.highest),
            currency,
        }
    }
}

body! {
    #[schema(as = CategoryRequest)]
    pub struct CategoryBody {
        #[schema(value_type = String, example = "Mugs", max_length = 150)]
        pub name: Line<150>,
        /// Made from the name where it is left out.
        pub slug: Option<Slug>,
        pub description: Option<Paragraph<5000>>,
        pub parent: Option<CategoryId>,
        /// Behind its siblings where it is left out.
        pub sort_order: Option<i32>,
    }
}

impl CategoryBody {
    pub fn into_new(self) -> NewCategory {
        NewCategory {
            name: self.name.into_inner(),
            slug: self.slug,
            description: self.description.map(Paragraph::into_inner).unwrap_or_default(),
            parent: self.parent,
            sort_order: self.sort_order,
        }
    }

    /// For PUT: what is left out is emptied; slug and place stay.
    pub(super) fn into_changes(self) -> (CategoryChanges, Option<Option<CategoryId>>) {
        let changes = CategoryChanges {
            name: Some(self.name.into_inner()),
            slug: self.slug,
            description: Some(self.description.map(Paragraph::into_inner).unwrap_or_default()),
            sort_order: self.sort_order,
        };
        (changes, Some(self.parent))
    }
}

patch_body! {
    #[schema(as = PatchedCategoryRequest)]
    pub struct PatchedCategoryBody {
        #[schema(value_type = Option<String>, max_length = 150)]
        pub name: Option<Line<150>>,
        pub slug: Option<Slug>,
        pub description: Option<Paragraph<5000>>,
        /// Null makes it a root.
        #[schema(value_type = Option<uuid::Uuid>)]
        pub parent: Field<CategoryId>,
        pub sort_order: Option<i32>,
    }
}

impl PatchedCategoryBody {
    pub(super) fn into_changes(self) -> (CategoryChanges, Option<Option<CategoryId>>) {
        let changes = CategoryChanges {
            name: self.name.map(Line::into_inner),
            slug: self.slug,
            description: self.description.map(Paragraph::into_inner),
            sort_order: self.sort_order,
        };
        (changes, self.parent.into_nullable())
    }
}

body! {
    #[schema(as = MoveCategoryRequest)]
    pub struct MoveCategoryBody {
        /// The category to come under; null: none, it becomes a root.
        #[schema(value_type = Option<uuid::Uuid>)]
        pub parent: Field<CategoryId>,
        pub sort_order: Option<i32>,
    }
}
