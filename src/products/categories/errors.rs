//! Errors of the category operations.

use serde_json::json;

use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::write_context::Stale;
use crate::products::ids::CategoryId;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum CategoryError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("This parent category does not exist.")]
    #[kind(with = unknown_parent)]
    ParentNotFound(CategoryId),
    #[error("category with this slug already exists.")]
    #[kind(invalid("slug", "unique"))]
    SlugTaken,
    #[error("A category cannot be moved under itself or one of its descendants.")]
    #[kind(invalid("parent", "invalid"))]
    CyclicParent,
    #[error("The category cannot be deleted because it contains {children} subcategories and {products} products.")]
    #[kind(with = protected)]
    Protected { children: i64, products: i64 },
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn unknown_parent(id: &CategoryId) -> Kind {
    Kind::invalid("parent", ErrorTree::does_not_exist(id))
}

fn protected(children: &i64, products: &i64) -> Kind {
    Kind::conflict("protected").with("children", json!(children)).with("products", json!(products))
}
