//! Errors of the product and variant operations.

use std::collections::BTreeMap;

use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::write_context::Stale;
use crate::products::categories::CategoryError;
use crate::products::ids::CategoryId;
use crate::products::stock::StockError;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum CatalogueError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("product with this slug already exists.")]
    #[kind(invalid("slug", "unique"))]
    SlugTaken,
    #[error("variant with this sku already exists.")]
    #[kind(invalid("sku", "unique"))]
    SkuTaken,
    /// Indices of the variants whose SKU exists or occurs earlier in the request.
    #[error("variant with this sku already exists.")]
    #[kind(with = skus_taken)]
    SkusTaken(Vec<usize>),
    #[error("This category does not exist.")]
    #[kind(with = unknown_category)]
    CategoryNotFound(CategoryId),
    #[error("The product has several variants. Change each variant at /api/variants/.")]
    #[kind(invalid("sku", "invalid"))]
    SkuOfSeveralVariants,
    #[error("The product has several variants. Change each variant at /api/variants/.")]
    #[kind(invalid("price", "invalid"))]
    PriceOfSeveralVariants,
    #[error("The only variant of a product cannot be archived. Archive the product instead.")]
    #[kind(conflict = "last_variant")]
    LastVariant,
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Category(#[from] CategoryError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl CatalogueError {
    /// Converts the error for a request that contains a single SKU outside of a list.
    pub(super) fn for_single_sku(self) -> Self {
        if let Self::SkusTaken(_) = self { Self::SkuTaken } else { self }
    }
}

fn skus_taken(indices: &[usize]) -> Kind {
    let error = || ErrorTree::member("sku", ErrorTree::message("unique", CatalogueError::SkuTaken.to_string()));
    let errors = indices.iter().map(|index| (index.to_string(), error()));
    Kind::invalid("variants", ErrorTree::Members(BTreeMap::from_iter(errors)))
}

fn unknown_category(id: &CategoryId) -> Kind {
    Kind::invalid("category", ErrorTree::does_not_exist(id))
}
