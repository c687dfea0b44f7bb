//! Errors of sessions.

use actix_web::http::StatusCode;

use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The password has changed since it was checked, or the account is inactive.
    #[error("Unable to log in with provided credentials.")]
    CredentialsChanged,
    /// The refresh token was used before, or its session is revoked, expired or of an inactive account.
    #[error("Token is invalid")]
    RefreshRejected,
    #[error("Not found.")]
    NotFound,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::CredentialsChanged => Kind::Invalid(ErrorTree::non_field("invalid", self.to_string())),
            // Committed, because the transaction revokes the session and records the rejection.
            Self::RefreshRejected => Kind::rejected(StatusCode::UNAUTHORIZED, "token_not_valid").and_commit(),
            Self::NotFound => Kind::not_found("not_found"),
            Self::Database(cause) => cause.kind(),
        }
    }
}
