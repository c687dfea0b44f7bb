//! Errors of registration, sign-in and tokens.

use actix_web::http::StatusCode;
use serde_json::json;

use super::second_factors::PendingSecondFactor;
use crate::customers::accounts::AccountError;
use crate::customers::sessions::SessionError;
use crate::platform::auth::TokenError;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Wrong credentials at `login/`, with the response of dj-rest-auth.
    #[error("Unable to log in with provided credentials.")]
    CannotLogIn,
    /// Wrong credentials at `token/`, with the response of simplejwt.
    #[error("No active account found with the given credentials")]
    NoActiveAccount,
    /// Response of `token/`, because clients of simplejwt expect tokens in every 200 response.
    #[error("A second factor is required.")]
    SecondFactorRequired(PendingSecondFactor),
    /// The credentials are correct, so the response can reveal this state.
    #[error("E-mail is not verified.")]
    EmailNotVerified,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The token has an invalid signature, is expired or revoked, or was used before.
    #[error("Token is invalid")]
    InvalidToken,
    #[error("cannot generate a random token")]
    TokenGeneration(#[source] anyhow::Error),
    #[error(transparent)]
    Token(TokenError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl From<TokenError> for AuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::InvalidToken,
            other @ (TokenError::SigningFailed(_) | TokenError::NoSigningKey) => Self::Token(other),
        }
    }
}

impl ApiError for AuthError {
    fn kind(&self) -> Kind {
        match self {
            Self::CannotLogIn => Kind::Invalid(ErrorTree::non_field("invalid", self.to_string())),
            Self::EmailNotVerified => Kind::Invalid(ErrorTree::non_field("email_not_verified", self.to_string())),
            Self::Account(cause) => cause.kind(),
            Self::Session(cause) => cause.kind(),
            Self::NoActiveAccount => Kind::rejected(StatusCode::UNAUTHORIZED, "no_active_account"),
            Self::SecondFactorRequired(PendingSecondFactor { token, methods }) => {
                let kind = Kind::rejected(StatusCode::UNAUTHORIZED, "mfa_required");
                kind.with("mfa_token", json!(token)).with("methods", json!(methods))
            }
            Self::InvalidToken => Kind::rejected(StatusCode::UNAUTHORIZED, "token_not_valid"),
            Self::Token(_) | Self::TokenGeneration(_) => Kind::Internal,
            Self::Database(cause) => cause.kind(),
        }
    }
}
