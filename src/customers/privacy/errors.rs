//! Why somebody is not forgotten, switched off or shown what is known of them.

use actix_web::http::StatusCode;

use crate::customers::verification::VerificationError;
use crate::platform::api::Stale;
use crate::platform::error::{ApiError, Kind};

#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    #[error("Not found.")]
    NotFound,
    #[error("This customer has no account.")]
    NoAccount,
    #[error("This is an account of staff: take their rights away first.")]
    StaffAccount,
    /// In words for the customer.
    #[error("{0}")]
    Unfinished(String),
    #[error("The export is not ready yet.")]
    NotReady,
    #[error("The export has been downloaded, or its time is over. Ask for another one.")]
    Gone,
    #[error("an export cannot be read: {0:#}")]
    Broken(anyhow::Error),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Unproved(#[from] VerificationError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for PrivacyError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NoAccount => Kind::conflict("no_account"),
            Self::StaffAccount => Kind::conflict("staff_account"),
            Self::Unfinished(_) => Kind::conflict("unfinished_business"),
            Self::NotReady => Kind::conflict("export_not_ready"),
            Self::Gone => Kind::refused(StatusCode::GONE, "export_gone"),
            Self::Broken(_) => Kind::Internal,
            Self::Stale(cause) => cause.kind(),
            Self::Unproved(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
