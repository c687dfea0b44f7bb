//! Errors of the product import.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::platform::error::{ApiError, Kind};
use crate::products::stock::StockError;

/// Error of the product import.
#[derive(Debug, thiserror::Error, ApiError)]
pub enum CatalogueImportError {
    /// A concurrent transaction inserted the same SKU or slug. The import reads all of them before it inserts new ones.
    #[error("a concurrent transaction inserted the same value: {0}")]
    #[kind(with = retryable)]
    Conflict(DieselError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Database(DieselError),
}

impl From<DieselError> for CatalogueImportError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Conflict(error),
            _ => Self::Database(error),
        }
    }
}

fn retryable(_: &DieselError) -> Kind {
    Kind::Retryable
}
