//! Why a second factor is not taken, made or changed.

use actix_web::http::StatusCode;

use crate::customers::auth::AuthError;
use crate::customers::staff::StaffError;
use crate::platform::api::Stale;
use crate::platform::auth::SignInAgain;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum MfaError {
    /// There is no app to ask for a code, and the session is old.
    #[error(transparent)]
    SignInAgain(#[from] SignInAgain),
    /// Wrong, used before, or of another time.
    #[error("This code is not right, or it was used before.")]
    WrongCode,
    #[error("This recovery code is not right, or it was used before.")]
    WrongRecoveryCode,
    #[error("A code or a recovery code is needed.")]
    NothingShown,
    #[error("Too many wrong tries. Try again in an hour.")]
    TooManyFailures,
    /// Unknown, spent, over, or failed too often.
    #[error("This sign-in is over. Sign in again.")]
    TokenNotValid,
    #[error("There is an authenticator app already. Remove it first.")]
    TotpActive,
    #[error("There is nothing to confirm. Begin again.")]
    NothingToConfirm,
    #[error("There is no such second factor.")]
    NotActive,
    #[error("This passkey cannot be accepted.")]
    PasskeyRefused,
    #[error("This passkey is known already.")]
    PasskeyKnown,
    #[error("There are too many passkeys. Remove one first.")]
    TooManyPasskeys,
    /// The same words as for a wrong password.
    #[error("Unable to log in with provided credentials.")]
    CannotSignIn,
    #[error("Your own factors are changed in your own account.")]
    OwnAccount,
    #[error(transparent)]
    Rights(#[from] StaffError),
    #[error("Not found.")]
    NotFound,
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    #[error("{0:#}")]
    Broken(#[from] anyhow::Error),
}

impl ApiError for MfaError {
    fn kind(&self) -> Kind {
        let of_field = |field: &str, code| Kind::invalid(field, ErrorTree::message(code, self.to_string()));
        match self {
            Self::WrongCode => of_field("code", "invalid_code"),
            Self::NothingShown => of_field("code", "required"),
            Self::WrongRecoveryCode => of_field("recovery_code", "invalid_code"),
            Self::PasskeyRefused => of_field("credential", "invalid"),
            Self::CannotSignIn => Kind::Invalid(ErrorTree::of_object("invalid", self.to_string())),
            Self::SignInAgain(cause) => cause.kind(),
            Self::Rights(cause) => cause.kind(),
            Self::TooManyFailures => Kind::refused(StatusCode::TOO_MANY_REQUESTS, "too_many_failures"),
            Self::TokenNotValid => Kind::refused(StatusCode::UNAUTHORIZED, "mfa_token_not_valid"),
            Self::TotpActive => Kind::conflict("totp_active"),
            Self::NothingToConfirm => Kind::conflict("nothing_to_confirm"),
            Self::NotActive => Kind::conflict("not_active"),
            Self::PasskeyKnown => Kind::conflict("passkey_known"),
            Self::TooManyPasskeys => Kind::conflict("too_many_passkeys"),
            Self::OwnAccount => Kind::conflict("own_account"),
            Self::NotFound => Kind::not_found("not_found"),
            Self::Stale(cause) => cause.kind(),
            Self::Auth(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
            Self::Broken(cause) => match cause.downcast_ref::<diesel::result::Error>() {
                Some(cause) => cause.kind(),
                None => Kind::Internal,
            },
        }
    }
}

/// What was done, or a refusal that leaves traces: a counted failure, a spent ceremony. Either is committed.
pub type Settled<T> = Result<T, MfaError>;
