//! References to categories in files: a slug, an external id, or a path of names such as `Kitchen > Cookware`.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::products::ids::CategoryId;
use crate::schema::categories;

#[derive(Queryable, Selectable)]
#[diesel(table_name = categories)]
struct NamedCategory {
    id: CategoryId,
    parent_id: Option<CategoryId>,
    name: String,
    slug: String,
    external_id: Option<String>,
}

/// Returns the category of each reference. A slug has precedence over an external id, and an external id over a path.
pub fn resolve(conn: &mut PgConnection, references: &[&str]) -> QueryResult<HashMap<String, CategoryId>> {
    if references.is_empty() {
        return Ok(HashMap::new());
    }
    // Parents first, because the path of a category contains the path of its parent.
    let all: Vec<NamedCategory> = categories::table
        .order((categories::level, categories::sort_order, categories::id))
        .select(NamedCategory::as_select())
        .load(conn)?;

    let mut paths: HashMap<CategoryId, String> = HashMap::new();
    let mut by_reference: HashMap<String, (u8, CategoryId)> = HashMap::new();
    for category in all {
        let path = match category.parent_id.and_then(|parent| paths.get(&parent)) {
            Some(parent) => format!("{parent}>{}", normalize_name(&category.name)),
            None => normalize_name(&category.name),
        };
        let mut add = |reference: String, rank: u8| {
            let best = by_reference.entry(reference).or_insert((rank, category.id));
            if rank < best.0 {
                *best = (rank, category.id);
            }
        };
        add(category.slug, 0);
        if let Some(external_id) = category.external_id {
            add(external_id, 1);
        }
        add(path.clone(), 2);
        paths.insert(category.id, path);
    }

    let found = references.iter().filter_map(|&reference| {
        let exact = by_reference.get(reference);
        let (_, id) = exact.or_else(|| by_reference.get(&normalize_path(reference)))?;
        Some((reference.to_owned(), *id))
    });
    Ok(found.collect())
}

/// Returns the name as it is compared: lower case, without leading and trailing spaces.
fn normalize_name(name: &str) -> String {
    name.trim().to_lowercase()
}

fn normalize_path(path: &str) -> String {
    path.split('>').map(normalize_name).collect::<Vec<_>>().join(">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_case_and_spaces() {
        assert_eq!(normalize_path("Kitchen > Pots & Pans>Woks "), "kitchen>pots & pans>woks");
    }
}
