//! What can be wrong with a change of the catalogue.

use std::collections::BTreeMap;

use crate::platform::api::Stale;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::types::CategoryId;
use crate::products::categories::CategoryError;
use crate::products::stock::StockError;

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("Not found.")]
    NotFound,
    #[error("product with this slug already exists.")]
    SlugTaken,
    #[error("variant with this sku already exists.")]
    SkuTaken,
    /// The places of the variants whose SKU is taken, or stands twice in the request.
    #[error("variant with this sku already exists.")]
    SkusTaken(Vec<usize>),
    #[error("This category does not exist.")]
    CategoryNotFound(CategoryId),
    #[error("The product has several variants: change them at /api/variants/.")]
    SeveralVariants(&'static str),
    #[error("The product's last variant cannot be archived: archive the product.")]
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
    /// The same where the request named one SKU, outside of any list.
    pub(super) fn of_one_sku(self) -> Self {
        if let Self::SkusTaken(_) = self { Self::SkuTaken } else { self }
    }
}

impl ApiError for CatalogueError {
    fn kind(&self) -> Kind {
        let unique = || ErrorTree::message("unique", self.to_string());
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::SlugTaken => Kind::invalid("slug", unique()),
            Self::SkuTaken => Kind::invalid("sku", unique()),
            Self::SkusTaken(places) => {
                let errors = places.iter().map(|place| (place.to_string(), ErrorTree::member("sku", unique())));
                Kind::invalid("variants", ErrorTree::Members(BTreeMap::from_iter(errors)))
            }
            Self::CategoryNotFound(id) => Kind::invalid("category", ErrorTree::does_not_exist(id)),
            Self::SeveralVariants(field) => Kind::invalid(field, ErrorTree::message("invalid", self.to_string())),
            Self::LastVariant => Kind::conflict("last_variant"),
            Self::Stale(cause) => cause.kind(),
            Self::Category(cause) => cause.kind(),
            Self::Stock(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
