//! The tree as it will be: the stored one with the rows of a file laid over it. Pure.

use std::collections::{HashMap, HashSet};

use super::ListedCategory;
use super::models::StoredCategory;
use super::tree::{Parents, Shape};
use crate::platform::types::CategoryId;

/// Where a category will stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub id: CategoryId,
    pub parent_id: Option<CategoryId>,
    pub level: i32,
    /// What the file says of it, and its turn among the file's siblings; None: the file does not name it.
    pub listed: Option<(i32, &'a ListedCategory)>,
}

/// The tree as it will be.
pub(super) struct Plan<'a> {
    /// Parents before their children.
    pub places: Vec<Place<'a>>,
    /// Each row's category, or why it is refused.
    pub fates: Vec<Fate>,
}

impl<'a> Plan<'a> {
    /// Refuses, round by round, what would not leave a tree; the rest is the plan.
    pub fn new(stored: &'a [StoredCategory], rows: &'a [ListedCategory]) -> Self {
        let mut fates = first_fates(stored, rows);
        loop {
            let listed: HashMap<CategoryId, &ListedCategory> = followed(&fates, rows).collect();
            let ids: HashMap<&str, CategoryId> = known_ids(stored).chain(listed_ids(&listed)).collect();
            let is_orphan = |row: &ListedCategory| row.parent.as_deref().is_some_and(|p| !ids.contains_key(p));
            if refuse(&mut fates, rows, "there is no such parent", |_, row| is_orphan(row)) {
                continue;
            }

            let parents = parents(stored, &listed, &ids);
            let Shape { levels, circles } = Shape::of(&parents);
            if refuse(&mut fates, rows, "it would be its own ancestor", |id, _| circles.contains(&id)) {
                continue;
            }

            let turns = turns(&fates, rows);
            let place = |(id, level)| Place {
                id,
                parent_id: parents.get(&id).copied().flatten(),
                level,
                listed: turns.get(&id).copied(),
            };
            let places = levels.into_iter().map(place).collect();
            return Self { places, fates };
        }
    }
}

/// Each row's category, or why it is refused.
type Fate = Result<CategoryId, &'static str>;

/// Refuses the bad ones of the rows that are not refused yet; tells whether there was any.
fn refuse(
    fates: &mut [Fate],
    rows: &[ListedCategory],
    reason: &'static str,
    is_bad: impl Fn(CategoryId, &ListedCategory) -> bool,
) -> bool {
    let mut is_any = false;
    for (fate, row) in fates.iter_mut().zip(rows) {
        if fate.is_ok_and(|id| is_bad(id, row)) {
            *fate = Err(reason);
            is_any = true;
        }
    }
    is_any
}

/// Every row has its category, except those that repeat an id.
fn first_fates(stored: &[StoredCategory], rows: &[ListedCategory]) -> Vec<Fate> {
    let known: HashMap<&str, CategoryId> = known_ids(stored).collect();
    let mut seen = HashSet::new();
    rows.iter()
        .map(|row| match known.get(row.external_id.as_str()) {
            _ if !seen.insert(row.external_id.as_str()) => Err("an earlier row has the same id"),
            Some(&id) => Ok(id),
            None => Ok(CategoryId::generate()),
        })
        .collect()
}

fn followed<'a>(fates: &[Fate], rows: &'a [ListedCategory]) -> impl Iterator<Item = (CategoryId, &'a ListedCategory)> {
    fates.iter().zip(rows).filter_map(|(fate, row)| Some((fate.ok()?, row)))
}

fn known_ids(stored: &[StoredCategory]) -> impl Iterator<Item = (&str, CategoryId)> {
    stored.iter().filter_map(|category| Some((category.external_id.as_deref()?, category.id)))
}

fn listed_ids<'a>(listed: &HashMap<CategoryId, &'a ListedCategory>) -> impl Iterator<Item = (&'a str, CategoryId)> {
    listed.iter().map(|(&id, row)| (row.external_id.as_str(), id))
}

/// Who will be whose parent: the file's word where it names a category, else what is stored.
fn parents(
    stored: &[StoredCategory],
    listed: &HashMap<CategoryId, &ListedCategory>,
    ids: &HashMap<&str, CategoryId>,
) -> Parents {
    let mut parents: Parents = stored.iter().map(|category| (category.id, category.parent_id)).collect();
    for (&id, row) in listed {
        let parent = row.parent.as_deref().and_then(|parent| ids.get(parent));
        parents.insert(id, parent.copied());
    }
    parents
}

/// The rows that are followed, each with its turn among the siblings of the file.
fn turns<'a>(fates: &[Fate], rows: &'a [ListedCategory]) -> HashMap<CategoryId, (i32, &'a ListedCategory)> {
    let mut next: HashMap<Option<&str>, i32> = HashMap::new();
    followed(fates, rows)
        .map(|(id, row)| {
            let next = next.entry(row.parent.as_deref()).or_default();
            let turn = *next;
            *next = next.saturating_add(1);
            (id, (turn, row))
        })
        .collect()
}
