//! Business rules of the category tree.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::CategoryError;
use super::models::{Category, CategoryBody, PatchedCategoryBody, lock_tree, next_sort_order, subtree_ids};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::types::Text;
use crate::platform::write_context::WriteContext;
use crate::products::ids::CategoryId;
use crate::products::slug::{IdOrSlug, Slug};

/// Category to create.
#[derive(Debug, Clone)]
pub struct NewCategory {
    pub name: String,
    /// `None` generates the slug from the name.
    pub slug: Option<Slug>,
    pub description: String,
    pub parent: Option<CategoryId>,
    /// `None` places the category after its siblings.
    pub sort_order: Option<i32>,
}

impl From<CategoryBody> for NewCategory {
    fn from(body: CategoryBody) -> Self {
        Self {
            name: body.name.into_inner(),
            slug: body.slug,
            description: body.description.map(Text::into_inner).unwrap_or_default(),
            parent: body.parent.into_nullable().flatten(),
            sort_order: body.sort_order,
        }
    }
}

/// Returns the category with this id or slug.
pub fn find(conn: &mut PgConnection, reference: &IdOrSlug<CategoryId>) -> Result<Category, CategoryError> {
    Category::find(conn, reference)?.ok_or(CategoryError::NotFound)
}

/// Creates a category.
pub fn create(conn: &mut PgConnection, new: &NewCategory, context: &WriteContext) -> Result<Category, CategoryError> {
    lock_tree(conn)?;
    let parent = new.parent.map(|id| find_parent(conn, id)).transpose()?;
    let slug = match &new.slug {
        Some(slug) => slug.clone(),
        None => find_unused_slug(conn, &new.name)?,
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
        created_at: context.at,
        updated_at: context.at,
    };
    let category = category.insert(conn)?;
    let audit_changes = Changes::created(&audit_fields(&category));
    audit::record(conn, context, "category.created", AuditObject::new("category", category.id), audit_changes)?;
    Ok(category)
}

/// Updates a category. A new parent moves the category together with its descendants.
pub(super) fn update(
    conn: &mut PgConnection,
    reference: &IdOrSlug<CategoryId>,
    update: &PatchedCategoryBody,
    context: &WriteContext,
) -> Result<Category, CategoryError> {
    lock_tree(conn)?;
    let category = find(conn, reference)?;
    context.expected.ensure(category.version)?;
    if let Some(parent) = update.parent.into_nullable().filter(|parent| *parent != category.parent_id) {
        move_subtree(conn, &category, parent)?;
    }
    let updated = update.apply(conn, category.id, context.at)?;
    let audit_changes = Changes::between(&audit_fields(&category), &audit_fields(&updated));
    audit::record(conn, context, "category.changed", AuditObject::new("category", category.id), audit_changes)?;
    Ok(updated)
}

/// Deletes a category that contains neither subcategories nor products.
pub(super) fn delete(
    conn: &mut PgConnection,
    reference: &IdOrSlug<CategoryId>,
    context: &WriteContext,
) -> Result<(), CategoryError> {
    lock_tree(conn)?;
    let category = find(conn, reference)?;
    context.expected.ensure(category.version)?;
    category.lock_for_delete(conn)?;
    let (children, products) = (category.count_children(conn)?, category.count_products(conn)?);
    if children > 0 || products > 0 {
        return Err(CategoryError::Protected { children, products });
    }
    category.delete(conn)?;
    let audit_changes = Changes::deleted(&audit_fields(&category));
    audit::record(conn, context, "category.deleted", AuditObject::new("category", category.id), audit_changes)?;
    Ok(())
}

/// Returns the fields that the audit log records.
fn audit_fields(category: &Category) -> Value {
    json!({
        "name": category.name, "slug": category.slug, "description": category.description,
        "parent": category.parent_id, "sort_order": category.sort_order,
    })
}

fn move_subtree(conn: &mut PgConnection, category: &Category, parent: Option<CategoryId>) -> Result<(), CategoryError> {
    let subtree = subtree_ids(conn, category.id)?;
    if parent.is_some_and(|parent| subtree.contains(&parent)) {
        return Err(CategoryError::CyclicParent);
    }
    let parent = parent.map(|id| find_parent(conn, id)).transpose()?;
    category.move_below(conn, parent.as_ref(), &subtree)?;
    Ok(())
}

fn find_parent(conn: &mut PgConnection, id: CategoryId) -> Result<Category, CategoryError> {
    Category::find(conn, &IdOrSlug::Id(id))?.ok_or(CategoryError::ParentNotFound(id))
}

/// Returns an unused slug for the name, numbered if necessary. The unique constraint catches concurrent inserts.
fn find_unused_slug(conn: &mut PgConnection, name: &str) -> QueryResult<Slug> {
    let base = Slug::from_name(name);
    let mut slug = base.clone();
    let mut number = 1;
    while Category::find(conn, &IdOrSlug::Slug(slug.clone()))?.is_some() {
        number += 1;
        slug = base.numbered(number);
    }
    Ok(slug)
}
