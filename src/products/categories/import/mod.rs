//! Import of categories from files, and the references by which other files name categories.
//!
//! The external id of the file identifies a category. A tree is imported in one transaction under the tree lock,
//! because a partial tree would have wrong levels.

mod models;
mod plan;
mod references;
mod tree;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

pub use models::CategoryRow;
pub use references::resolve;

use super::models::lock_tree;
use crate::products::ids::CategoryId;
use crate::products::slug::Slug;
use models::{NewCategoryRow, StoredCategory};
use plan::{PlannedCategory, TreePlan};

/// Result of importing one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    Created,
    Updated,
    Unchanged,
    /// Not imported, for this reason.
    Rejected(String),
}

/// Creates and updates categories from the rows. Returns the outcome of each row, in the order of the rows.
///
/// Assigns slugs and sort orders only to new categories. Categories that the file does not contain stay unchanged.
pub fn import_tree(conn: &mut PgConnection, rows: &[CategoryRow], at: DateTime<Utc>) -> QueryResult<Vec<RowOutcome>> {
    lock_tree(conn)?;
    let stored = StoredCategory::load_all(conn)?;
    let plan = TreePlan::new(&stored, rows);

    let updated = update_stored(conn, &stored, &plan, at)?;
    insert_new(conn, &stored, &plan, at)?;

    let stored_ids: HashSet<CategoryId> = stored.iter().map(|category| category.id).collect();
    let outcome_of = |id: &CategoryId| match (stored_ids.contains(id), updated.contains(id)) {
        (false, _) => RowOutcome::Created,
        (true, true) => RowOutcome::Updated,
        (true, false) => RowOutcome::Unchanged,
    };
    let outcomes = plan.row_results.iter().map(|result| match result {
        Ok(id) => outcome_of(id),
        Err(reason) => RowOutcome::Rejected((*reason).to_owned()),
    });
    Ok(outcomes.collect())
}

/// Updates the stored categories that differ from the plan, and returns their ids. The descendants of a moved category
/// get new levels.
fn update_stored(
    conn: &mut PgConnection,
    stored: &[StoredCategory],
    plan: &TreePlan<'_>,
    at: DateTime<Utc>,
) -> QueryResult<HashSet<CategoryId>> {
    let planned_by_id: HashMap<CategoryId, &PlannedCategory<'_>> =
        plan.categories.iter().map(|planned| (planned.id, planned)).collect();
    let mut updated = HashSet::new();
    for category in stored {
        let Some(planned) = planned_by_id.get(&category.id) else {
            continue;
        };
        let target = planned.apply_to(category);
        if target != *category {
            target.update(conn, at)?;
            updated.insert(category.id);
        }
    }
    Ok(updated)
}

fn insert_new(
    conn: &mut PgConnection,
    stored: &[StoredCategory],
    plan: &TreePlan<'_>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let stored_ids: HashSet<CategoryId> = stored.iter().map(|category| category.id).collect();
    let mut slugs = SlugGenerator::new(stored);
    let mut rows = Vec::new();
    for planned in plan.categories.iter().filter(|planned| !stored_ids.contains(&planned.id)) {
        let Some(imported) = &planned.imported else {
            continue;
        };
        rows.push(NewCategoryRow {
            id: planned.id,
            parent_id: planned.parent_id,
            level: planned.level,
            sort_order: imported.position,
            name: &imported.row.name,
            slug: slugs.generate(&imported.row.name),
            description: imported.row.description.as_deref().unwrap_or_default(),
            external_id: &imported.row.external_id,
            created_at: at,
            updated_at: at,
        });
    }
    NewCategoryRow::insert_all(conn, &rows)
}

/// Generator of unused slugs.
struct SlugGenerator {
    taken: HashSet<Slug>,
    /// Last number of each base slug.
    numbers: HashMap<Slug, usize>,
}

impl SlugGenerator {
    fn new(stored: &[StoredCategory]) -> Self {
        Self { taken: stored.iter().map(|category| category.slug.clone()).collect(), numbers: HashMap::new() }
    }

    /// Returns an unused slug for the name: `accessories`, `accessories-2`, …
    fn generate(&mut self, name: &str) -> Slug {
        let base = Slug::from_name(name);
        let number = self.numbers.entry(base.clone()).or_default();
        loop {
            *number += 1;
            let slug = if *number == 1 { base.clone() } else { base.numbered(*number) };
            if self.taken.insert(slug.clone()) {
                return slug;
            }
        }
    }
}
