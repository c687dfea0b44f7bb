//! How files name a category: by its slug, its external id, or its path of names, `Kitchen > Cookware`.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::platform::types::CategoryId;
use crate::schema::categories;

#[derive(Queryable, Selectable)]
#[diesel(table_name = categories)]
struct Named {
    id: CategoryId,
    parent_id: Option<CategoryId>,
    name: String,
    slug: String,
    external_id: Option<String>,
}

/// The categories that these words name. A slug goes before an external id, and this before a path.
pub fn resolve(conn: &mut PgConnection, references: &[&str]) -> QueryResult<HashMap<String, CategoryId>> {
    if references.is_empty() {
        return Ok(HashMap::new());
    }
    // Parents first, so that every path can be built on its parent's.
    let all: Vec<Named> = categories::table
        .order((categories::level, categories::sort_order, categories::id))
        .select(Named::as_select())
        .load(conn)?;

    let mut paths: HashMap<CategoryId, String> = HashMap::new();
    let mut by_word: HashMap<String, (u8, CategoryId)> = HashMap::new();
    for category in all {
        let path = match category.parent_id.and_then(|parent| paths.get(&parent)) {
            Some(parent) => format!("{parent}>{}", tidy(&category.name)),
            None => tidy(&category.name),
        };
        let mut name = |word: String, rank: u8| {
            let best = by_word.entry(word).or_insert((rank, category.id));
            if rank < best.0 {
                *best = (rank, category.id);
            }
        };
        name(category.slug, 0);
        if let Some(external_id) = category.external_id {
            name(external_id, 1);
        }
        name(path.clone(), 2);
        paths.insert(category.id, path);
    }

    let found = references.iter().filter_map(|&reference| {
        let exact = by_word.get(reference);
        let (_, id) = exact.or_else(|| by_word.get(&tidy_path(reference)))?;
        Some((reference.to_owned(), *id))
    });
    Ok(found.collect())
}

/// Names are compared without regard to case and outer spaces.
fn tidy(name: &str) -> String {
    name.trim().to_lowercase()
}

fn tidy_path(path: &str) -> String {
    path.split('>').map(tidy).collect::<Vec<_>>().join(">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_leniently() {
        assert_eq!(tidy_path("Kitchen > Pots & Pans>Woks "), "kitchen>pots & pans>woks");
    }
}
