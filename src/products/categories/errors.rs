//! What can be wrong with a change of the tree.

use serde_json::json;

use crate::platform::api::Stale;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::types::CategoryId;

#[derive(Debug, thiserror::Error)]
pub enum CategoryError {
    #[error("Not found.")]
    NotFound,
    #[error("This parent does not exist.")]
    ParentNotFound(CategoryId),
    #[error("category with this slug already exists.")]
    SlugTaken,
    #[error("A category cannot be moved under itself or one of its descendants.")]
    UnderItself,
    #[error("The category has {children} subcategories and {products} products.")]
    Protected { children: i64, products: i64 },
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for CategoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::ParentNotFound(id) => Kind::invalid("parent", ErrorTree::does_not_exist(id)),
            Self::SlugTaken => Kind::invalid("slug", ErrorTree::message("unique", self.to_string())),
            Self::UnderItself => Kind::invalid("parent", ErrorTree::message("invalid", self.to_string())),
            Self::Protected { children, products } => {
                Kind::conflict("protected").with("children", json!(children)).with("products", json!(products))
            }
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
