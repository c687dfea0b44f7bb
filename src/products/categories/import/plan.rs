//! Plan of an import: the stored tree with the rows of a file applied. Pure functions.

use std::collections::{HashMap, HashSet};

use super::models::{CategoryRow, StoredCategory};
use super::tree::{Parents, TreeLevels};
use crate::products::ids::CategoryId;

/// Category of the planned tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedCategory<'a> {
    pub id: CategoryId,
    pub parent_id: Option<CategoryId>,
    pub level: i32,
    /// `None` if the file does not contain the category.
    pub imported: Option<ImportedRow<'a>>,
}

/// Row of the file with its position among the siblings of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImportedRow<'a> {
    pub position: i32,
    pub row: &'a CategoryRow,
}

impl PlannedCategory<'_> {
    /// Returns the stored category with the planned parent, level and texts.
    pub fn apply_to(&self, stored: &StoredCategory) -> StoredCategory {
        let mut target = stored.clone();
        target.parent_id = self.parent_id;
        target.level = self.level;
        if let Some(ImportedRow { row, .. }) = self.imported {
            target.name.clone_from(&row.name);
            if let Some(description) = &row.description {
                target.description.clone_from(description);
            }
        }
        target
    }
}

/// Category of a row, or the reason of its rejection.
type RowResult = Result<CategoryId, &'static str>;

/// Tree after the import.
pub(super) struct TreePlan<'a> {
    /// All categories, parents before their children.
    pub categories: Vec<PlannedCategory<'a>>,
    /// Result of each row, in the order of the rows.
    pub row_results: Vec<RowResult>,
}

impl<'a> TreePlan<'a> {
    /// Rejects rows until the remaining ones form a tree together with the stored categories.
    ///
    /// Each rejected row can make further rows invalid, so the checks are repeated until they reject no row.
    pub fn new(stored: &'a [StoredCategory], rows: &'a [CategoryRow]) -> Self {
        let mut results = assign_ids(stored, rows);
        loop {
            let accepted: HashMap<CategoryId, &CategoryRow> = accepted_rows(&results, rows).collect();
            let ids: HashMap<&str, CategoryId> = stored_ids(stored).chain(accepted_ids(&accepted)).collect();
            let is_orphan = |row: &CategoryRow| row.parent.as_deref().is_some_and(|p| !ids.contains_key(p));
            if reject(&mut results, rows, "the parent category does not exist", |_, row| is_orphan(row)) {
                continue;
            }

            let parents = planned_parents(stored, &accepted, &ids);
            let TreeLevels { levels, cyclic } = TreeLevels::new(&parents);
            if reject(&mut results, rows, "the category would be its own ancestor", |id, _| cyclic.contains(&id)) {
                continue;
            }

            let imported = rows_with_positions(&results, rows);
            let planned = |(id, level)| PlannedCategory {
                id,
                parent_id: parents.get(&id).copied().flatten(),
                level,
                imported: imported.get(&id).copied(),
            };
            let categories = levels.into_iter().map(planned).collect();
            return Self { categories, row_results: results };
        }
    }
}

/// Rejects the accepted rows that `is_invalid` matches. Returns true if it rejects any row.
fn reject(
    results: &mut [RowResult],
    rows: &[CategoryRow],
    reason: &'static str,
    is_invalid: impl Fn(CategoryId, &CategoryRow) -> bool,
) -> bool {
    let mut has_rejected = false;
    for (result, row) in results.iter_mut().zip(rows) {
        if result.is_ok_and(|id| is_invalid(id, row)) {
            *result = Err(reason);
            has_rejected = true;
        }
    }
    has_rejected
}

/// Assigns a stored or new category id to each row. Rejects rows that repeat an external id.
fn assign_ids(stored: &[StoredCategory], rows: &[CategoryRow]) -> Vec<RowResult> {
    let known: HashMap<&str, CategoryId> = stored_ids(stored).collect();
    let mut seen = HashSet::new();
    rows.iter()
        .map(|row| match known.get(row.external_id.as_str()) {
            _ if !seen.insert(row.external_id.as_str()) => Err("an earlier row has the same id"),
            Some(&id) => Ok(id),
            None => Ok(CategoryId::generate()),
        })
        .collect()
}

fn accepted_rows<'a>(
    results: &[RowResult],
    rows: &'a [CategoryRow],
) -> impl Iterator<Item = (CategoryId, &'a CategoryRow)> {
    results.iter().zip(rows).filter_map(|(result, row)| Some((result.ok()?, row)))
}

fn stored_ids(stored: &[StoredCategory]) -> impl Iterator<Item = (&str, CategoryId)> {
    stored.iter().filter_map(|category| Some((category.external_id.as_deref()?, category.id)))
}

fn accepted_ids<'a>(accepted: &HashMap<CategoryId, &'a CategoryRow>) -> impl Iterator<Item = (&'a str, CategoryId)> {
    accepted.iter().map(|(&id, row)| (row.external_id.as_str(), id))
}

/// Returns the parent of each category: from the file if it contains the category, otherwise the stored parent.
fn planned_parents(
    stored: &[StoredCategory],
    accepted: &HashMap<CategoryId, &CategoryRow>,
    ids: &HashMap<&str, CategoryId>,
) -> Parents {
    let mut parents: Parents = stored.iter().map(|category| (category.id, category.parent_id)).collect();
    for (&id, row) in accepted {
        let parent = row.parent.as_deref().and_then(|parent| ids.get(parent));
        parents.insert(id, parent.copied());
    }
    parents
}

/// Returns the accepted rows, each with its position among the siblings of the file.
fn rows_with_positions<'a>(results: &[RowResult], rows: &'a [CategoryRow]) -> HashMap<CategoryId, ImportedRow<'a>> {
    let mut next_positions: HashMap<Option<&str>, i32> = HashMap::new();
    accepted_rows(results, rows)
        .map(|(id, row)| {
            let next = next_positions.entry(row.parent.as_deref()).or_default();
            let position = *next;
            *next = next.saturating_add(1);
            (id, ImportedRow { position, row })
        })
        .collect()
}
