//! Errors of the warehouse operations.

use crate::platform::error::ApiError;

#[derive(Debug, thiserror::Error, ApiError)]
pub(super) enum WarehouseError {
    #[error("warehouse with this code already exists.")]
    #[kind(invalid("code", "unique"))]
    CodeTaken,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}
