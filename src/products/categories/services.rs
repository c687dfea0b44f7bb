//! The rules of the tree.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::CategoryError;
use super::models::{Category, CategoryChanges, lock_tree, next_sort_order, subtree_ids};
use crate::platform::api::Expected;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::types::{CategoryId, IdOrSlug, Slug};

/// A category to make.
#[derive(Debug, Clone)]
pub struct NewCategory {
    pub name: String,
    /// None: made from the name.
    pub slug: Option<Slug>,
    pub description: String,
    pub parent: Option<CategoryId>,
    /// None: behind its siblings.
    pub sort_order: Option<i32>,
}

pub fn find(conn: &mut PgConnection, reference: &IdOrSlug<CategoryId>) -> Result<Category, CategoryError> {
    Category::find(conn, reference)?.ok_or(CategoryError::NotFound)
}

pub fn create(conn: &mut PgConnection, new: &NewCategory, origin: &Origin) -> Result<Category, CategoryError> {
    lock_tree(conn)?;
    let parent = new.parent.map(|id| find_parent(conn, id)).transpose()?;
    let slug = match &new.slug {
        Some(slug) => slug.clone(),
        None => free_slug(conn, &new.name)?,
    };
    let sort_order = match new.sort_order {
        Some(sort_order) => sort_order,
        None => next_sort_order(conn, new.parent)?,
    };
    let category = Category {
        id: CategoryId::generate(),
        parent_id: new.parent,
        level: parent.map_or(0, |parent| parent.level + 1),
        sort_order,
        name: new.name.clone(),
        slug,
        description: new.description.clone(),
        version: 1,
        created_at: origin.at,
        updated_at: origin.at,
    };
    let category = category.insert(conn)?;
    let told = Changes::created(&facts_of(&category));
    audit::record(conn, origin, "category.created", ("category", category.id.to_string()), told)?;
    Ok(category)
}

/// Changes what is given; a new parent moves the category with all below it.
pub(super) fn change(
    conn: &mut PgConnection,
    reference: &IdOrSlug<CategoryId>,
    changes: &(CategoryChanges, Option<Option<CategoryId>>),
    expected: &Expected,
    origin: &Origin,
) -> Result<Category, CategoryError> {
    let (changes, parent) = changes;
    lock_tree(conn)?;
    let category = find(conn, reference)?;
    expected.ensure(category.version)?;
    if let Some(parent) = parent.filter(|parent| *parent != category.parent_id) {
        hang(conn, &category, parent)?;
    }
    let changed = changes.apply(conn, category.id, origin.at)?;
    let told = Changes::between(&facts_of(&category), &facts_of(&changed));
    audit::record(conn, origin, "category.changed", ("category", category.id.to_string()), told)?;
    Ok(changed)
}

/// Refused while anything is in it.
pub(super) fn delete(
    conn: &mut PgConnection,
    reference: &IdOrSlug<CategoryId>,
    expected: &Expected,
    origin: &Origin,
) -> Result<(), CategoryError> {
    lock_tree(conn)?;
    let category = find(conn, reference)?;
    expected.ensure(category.version)?;
    category.close(conn)?;
    let (children, products) = (category.count_children(conn)?, category.count_products(conn)?);
    if children > 0 || products > 0 {
        return Err(CategoryError::Protected { children, products });
    }
    category.delete(conn)?;
    let told = Changes::deleted(&facts_of(&category));
    audit::record(conn, origin, "category.deleted", ("category", category.id.to_string()), told)?;
    Ok(())
}

/// What the audit log tells of a category.
fn facts_of(category: &Category) -> Value {
    json!({
        "name": category.name, "slug": category.slug, "description": category.description,
        "parent": category.parent_id, "sort_order": category.sort_order,
    })
}

fn hang(conn: &mut PgConnection, category: &Category, parent: Option<CategoryId>) -> Result<(), CategoryError> {
    let subtree = subtree_ids(conn, category.id)?;
    if parent.is_some_and(|parent| subtree.contains(&parent)) {
        return Err(CategoryError::UnderItself);
    }
    let parent = parent.map(|id| find_parent(conn, id)).transpose()?;
    category.rehang(conn, parent.as_ref(), &subtree)?;
    Ok(())
}

fn find_parent(conn: &mut PgConnection, id: CategoryId) -> Result<Category, CategoryError> {
    Category::find(conn, &IdOrSlug::Id(id))?.ok_or(CategoryError::ParentNotFound(id))
}

/// A slug from the name, numbered where it is taken. Two at once are told apart by the unique constraint.
fn free_slug(conn: &mut PgConnection, name: &str) -> QueryResult<Slug> {
    let wanted = Slug::from_name(name);
    let mut slug = wanted.clone();
    let mut number = 1;
    while Category::find(conn, &IdOrSlug::Slug(slug.clone()))?.is_some() {
        number += 1;
        slug = wanted.numbered(number);
    }
    Ok(slug)
}
