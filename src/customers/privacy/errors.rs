//! Errors of account deactivation, erasure and personal data exports.

use actix_web::http::StatusCode;

use crate::customers::verification::VerificationError;
use crate::platform::error::{ApiError, Kind};
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum PrivacyError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("This customer has no account.")]
    #[kind(conflict = "no_account")]
    NoAccount,
    #[error("This account belongs to a staff member. Remove the staff member first.")]
    #[kind(conflict = "staff_account")]
    StaffAccount,
    /// The message names what must be completed before the customer can be erased.
    #[error("{0}")]
    #[kind(conflict = "unfinished_business")]
    UnfinishedBusiness(String),
    #[error("The export is not ready yet. Try again later.")]
    #[kind(conflict = "export_not_ready")]
    NotReady,
    #[error("The export has been downloaded or has expired. Request a new one.")]
    #[kind(with = export_gone)]
    ExportGone,
    #[error("personal data export failed: {0:#}")]
    #[kind(internal)]
    Internal(anyhow::Error),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Verification(#[from] VerificationError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn export_gone() -> Kind {
    Kind::rejected(StatusCode::GONE, "export_gone")
}
