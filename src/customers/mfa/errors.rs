//! Errors of the status and the reset of second factors.

use crate::customers::staff::StaffError;
use crate::platform::error::ApiError;
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum MfaError {
    #[error("You cannot reset your own second factors. Change them in your account settings.")]
    #[kind(conflict = "own_account")]
    OwnAccount,
    #[error(transparent)]
    Staff(#[from] StaffError),
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    #[error("{0:#}")]
    #[kind(with = Kind::from_anyhow)]
    Internal(#[from] anyhow::Error),
}
