//! Errors of authenticator apps and recovery codes.

use actix_web::http::StatusCode;

use crate::customers::auth::AuthError;
use crate::platform::auth::ReauthenticationRequired;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The user has no authenticator app and did not sign in recently.
    #[error(transparent)]
    ReauthenticationRequired(#[from] ReauthenticationRequired),
    /// The code is wrong, was used before, or belongs to another time.
    #[error("This code is wrong or was used before.")]
    WrongCode,
    #[error("This recovery code is wrong or was used before.")]
    WrongRecoveryCode,
    #[error("Enter a code or a recovery code.")]
    CodeRequired,
    #[error("Too many wrong codes. Try again in an hour.")]
    TooManyFailures,
    /// The `mfa_token` is unknown, used or expired, or has too many failures.
    #[error("This sign-in has expired. Sign in again.")]
    InvalidMfaToken,
    #[error("You already have an authenticator app. Remove it first.")]
    TotpActive,
    #[error("There is no authenticator app to confirm. Set it up again.")]
    NothingToConfirm,
    #[error("You have not set up this second factor.")]
    NotActive,
    #[error("Not found.")]
    NotFound,
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl FactorError {
    /// Returns true if the submitted code or recovery code is wrong.
    pub const fn is_wrong_code(&self) -> bool {
        matches!(self, Self::WrongCode | Self::WrongRecoveryCode)
    }
}

impl ApiError for FactorError {
    fn kind(&self) -> Kind {
        let field = |name: &str, code| Kind::invalid(name, ErrorTree::message(code, self.to_string()));
        match self {
            // Committed, because the transaction counts the failure.
            Self::WrongCode => field("code", "invalid_code").and_commit(),
            Self::WrongRecoveryCode => field("recovery_code", "invalid_code").and_commit(),
            Self::CodeRequired => field("code", "required"),
            Self::ReauthenticationRequired(cause) => cause.kind(),
            Self::TooManyFailures => Kind::rejected(StatusCode::TOO_MANY_REQUESTS, "too_many_failures"),
            Self::InvalidMfaToken => Kind::rejected(StatusCode::UNAUTHORIZED, "mfa_token_not_valid"),
            Self::TotpActive => Kind::conflict("totp_active"),
            Self::NothingToConfirm => Kind::conflict("nothing_to_confirm"),
            Self::NotActive => Kind::conflict("not_active"),
            Self::NotFound => Kind::not_found("not_found"),
            Self::Auth(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
            Self::Internal(cause) => Kind::from_anyhow(cause),
        }
    }
}
