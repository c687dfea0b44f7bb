//! Errors of e-mail verification, password changes and e-mail changes.

use crate::customers::accounts::AccountError;
use crate::platform::error::ApiError;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum VerificationError {
    /// The token is unknown, used, replaced or expired, or the password or address has changed. The response does not
    /// distinguish these cases.
    #[error("Invalid value")]
    #[kind(invalid("token", "invalid"))]
    InvalidToken,
    /// Same as `InvalidToken`, for the endpoint where dj-rest-auth returns 404.
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    InvalidKey,
    #[error("Your old password was entered incorrectly. Please enter it again.")]
    #[kind(invalid("old_password", "password_incorrect"))]
    WrongOldPassword,
    #[error("Your password was entered incorrectly. Please enter it again.")]
    #[kind(invalid("password", "password_incorrect"))]
    WrongPassword,
    #[error("This field is required.")]
    #[kind(invalid("password", "required"))]
    PasswordRequired,
    #[error("This is already your e-mail address.")]
    #[kind(invalid("new_email", "unchanged"))]
    SameEmail,
    /// Token generation, encryption or queueing failed.
    #[error("cannot create the e-mail: {0:#}")]
    #[kind(with = Kind::from_anyhow)]
    Internal(anyhow::Error),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}
