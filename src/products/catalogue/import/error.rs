//! What may go wrong while products are imported.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::platform::error::{ApiError, Kind};
use crate::products::stock::StockError;

/// What may go wrong while products are imported.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueImportError {
    /// Everything is looked up before it is made, so that only somebody else, at the same moment, can be in the way.
    #[error("somebody else made the same thing at the same moment: {0}")]
    Raced(DieselError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Database(DieselError),
}

impl From<DieselError> for CatalogueImportError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Raced(error),
            _ => Self::Database(error),
        }
    }
}

impl ApiError for CatalogueImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Raced(_) => Kind::Retryable,
            Self::Stock(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
