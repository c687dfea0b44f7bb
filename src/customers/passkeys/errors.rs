//! Errors of passkeys.

use passki::PasskiError;

use crate::customers::auth::AuthError;
use crate::customers::totp::FactorError;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The credential is malformed, or its signature, challenge or origin is invalid. The response does not reveal the
    /// cause.
    #[error("The passkey was not accepted. Try again.")]
    Rejected,
    #[error("This passkey is already registered.")]
    AlreadyRegistered,
    #[error("You have the maximum number of passkeys. Delete one first.")]
    TooMany,
    /// Same response as for a wrong password.
    #[error("Unable to log in with provided credentials.")]
    CannotSignIn,
    #[error("Not found.")]
    NotFound,
    #[error(transparent)]
    Factor(#[from] FactorError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl From<PasskiError> for PasskeyError {
    fn from(_: PasskiError) -> Self {
        Self::Rejected
    }
}

impl ApiError for PasskeyError {
    fn kind(&self) -> Kind {
        match self {
            // Committed, because the transaction consumes the challenge and counts the failure.
            Self::Rejected => Kind::invalid("credential", ErrorTree::message("invalid", self.to_string())).and_commit(),
            // Committed, because the transaction consumes the challenge and records the rejected sign-in.
            Self::CannotSignIn => Kind::Invalid(ErrorTree::non_field("invalid", self.to_string())).and_commit(),
            Self::AlreadyRegistered => Kind::conflict("passkey_known"),
            Self::TooMany => Kind::conflict("too_many_passkeys"),
            Self::NotFound => Kind::not_found("not_found"),
            Self::Factor(cause) => cause.kind(),
            Self::Stale(cause) => cause.kind(),
            Self::Auth(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
            Self::Internal(cause) => Kind::from_anyhow(cause),
        }
    }
}
