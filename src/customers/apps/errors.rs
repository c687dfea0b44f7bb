//! Errors of apps and their tokens.

use crate::customers::staff::StaffError;
use crate::platform::auth::Permission;
use crate::platform::error::ApiError;
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum AppError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("An app with this name exists already.")]
    #[kind(invalid("name", "unique"))]
    NameTaken,
    #[error("\"{}\" cannot be granted to an app.", .0.name())]
    #[kind(invalid("permissions", "invalid"))]
    NotGrantableToApps(Permission),
    #[error("An app can have at most {0} tokens. Revoke a token first.")]
    #[kind(conflict = "too_many_tokens")]
    TooManyTokens(i64),
    #[error("Enter a time in the future.")]
    #[kind(invalid("expires_at", "invalid"))]
    ExpiryInPast,
    #[error("app token generation failed")]
    #[kind(internal)]
    TokenGeneration(#[source] anyhow::Error),
    #[error(transparent)]
    Staff(#[from] StaffError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}
