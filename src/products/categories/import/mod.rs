//! Categories from files, and the ways in which other files name them.
//!
//! A category's identity is its external id, the one it has in the file. A tree is imported in one transaction,
//! under the tree's lock: half a tree helps nobody.

mod models;
mod plan;
mod references;
mod tree;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

pub use references::resolve;

use super::TREE_LOCK;
use crate::platform::types::{CategoryId, Slug};
use models::{NewCategory, StoredCategory};
use plan::{Place, Plan};

/// A category as the file has it. Its parent may stand on any line, or be there already.
#[derive(Debug, Clone)]
pub struct ListedCategory {
    pub external_id: String,
    pub parent: Option<String>,
    pub name: String,
    /// None: stays as it is.
    pub description: Option<String>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Changed,
    Unchanged,
    Refused(String),
}

/// Makes and changes categories as the rows say, and tells what became of each row, in their order.
///
/// Slugs and the order among siblings are given once and then left to the shop. Categories that the file
/// does not name stay where they are.
pub fn import_tree(conn: &mut PgConnection, rows: &[ListedCategory], at: DateTime<Utc>) -> QueryResult<Vec<Outcome>> {
    diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<BigInt, _>(TREE_LOCK).execute(conn)?;
    let stored = StoredCategory::all(conn)?;
    let plan = Plan::new(&stored, rows);

    let changed = update_stored(conn, &stored, &plan, at)?;
    insert_new(conn, &stored, &plan, at)?;

    let is_stored: HashSet<CategoryId> = stored.iter().map(|category| category.id).collect();
    let outcome_of = |id: &CategoryId| match (is_stored.contains(id), changed.contains(id)) {
        (false, _) => Outcome::Created,
        (true, true) => Outcome::Changed,
        (true, false) => Outcome::Unchanged,
    };
    let fates = plan.fates.iter().map(|fate| match fate {
        Ok(id) => outcome_of(id),
        Err(reason) => Outcome::Refused((*reason).to_owned()),
    });
    Ok(fates.collect())
}

/// Updates what the plan has otherwise; a moved category takes its descendants' levels with it.
fn update_stored(
    conn: &mut PgConnection,
    stored: &[StoredCategory],
    plan: &Plan<'_>,
    at: DateTime<Utc>,
) -> QueryResult<HashSet<CategoryId>> {
    let places: HashMap<CategoryId, &Place<'_>> = plan.places.iter().map(|place| (place.id, place)).collect();
    let mut changed = HashSet::new();
    for category in stored {
        let Some(place) = places.get(&category.id) else {
            continue;
        };
        let planned = category.planned(place);
        if planned != *category {
            planned.update(conn, at)?;
            changed.insert(category.id);
        }
    }
    Ok(changed)
}

fn insert_new(
    conn: &mut PgConnection,
    stored: &[StoredCategory],
    plan: &Plan<'_>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let is_stored: HashSet<CategoryId> = stored.iter().map(|category| category.id).collect();
    let mut slugs = Slugs::taken_by(stored);
    let mut rows = Vec::new();
    for place in plan.places.iter().filter(|place| !is_stored.contains(&place.id)) {
        let Some((sort_order, row)) = place.listed else {
            continue;
        };
        rows.push(NewCategory {
            id: place.id,
            parent_id: place.parent_id,
            level: place.level,
            sort_order,
            name: &row.name,
            slug: slugs.make(&row.name),
            description: row.description.as_deref().unwrap_or_default(),
            external_id: &row.external_id,
            created_at: at,
            updated_at: at,
        });
    }
    NewCategory::insert(conn, &rows)
}

/// Slugs that are taken, and the number each name has come to.
struct Slugs {
    taken: HashSet<Slug>,
    numbers: HashMap<Slug, usize>,
}

impl Slugs {
    fn taken_by(stored: &[StoredCategory]) -> Self {
        Self { taken: stored.iter().map(|category| category.slug.clone()).collect(), numbers: HashMap::new() }
    }

    /// A slug that nobody has: `accessories`, `accessories-2`, …
    fn make(&mut self, name: &str) -> Slug {
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
