//! Why somebody is not let in.

use actix_web::http::StatusCode;
use serde_json::json;

use super::signing_in::Challenged;
use crate::customers::accounts::AccountError;
use crate::platform::auth::TokenError;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// dj-rest-auth's answer at `login/`.
    #[error("Unable to log in with provided credentials.")]
    CannotLogIn,
    /// simplejwt's answer at `token/`.
    #[error("No active account found with the given credentials")]
    NoActiveAccount,
    /// simplejwt's clients look for tokens in every 200.
    #[error("A second factor is required.")]
    SecondFactorAsked(Challenged),
    /// The password is right, and whoever knows it may know this.
    #[error("E-mail is not verified.")]
    EmailNotVerified,
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Not ours, expired, ended, or used before.
    #[error("Token is invalid")]
    TokenNotValid,
    #[error("Not found.")]
    NotFound,
    #[error("no random bytes could be had")]
    NoSecret(#[source] anyhow::Error),
    #[error(transparent)]
    Token(TokenError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl From<TokenError> for AuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::TokenNotValid,
            other @ (TokenError::Unsigned(_) | TokenError::NoKey) => Self::Token(other),
        }
    }
}

impl ApiError for AuthError {
    fn kind(&self) -> Kind {
        match self {
            Self::CannotLogIn => Kind::Invalid(ErrorTree::of_object("invalid", self.to_string())),
            Self::EmailNotVerified => Kind::Invalid(ErrorTree::of_object("email_not_verified", self.to_string())),
            Self::Account(cause) => cause.kind(),
            Self::NoActiveAccount => Kind::refused(StatusCode::UNAUTHORIZED, "no_active_account"),
            Self::SecondFactorAsked(Challenged { token, methods }) => {
                let kind = Kind::refused(StatusCode::UNAUTHORIZED, "mfa_required");
                kind.with("mfa_token", json!(token)).with("methods", json!(methods))
            }
            Self::TokenNotValid => Kind::refused(StatusCode::UNAUTHORIZED, "token_not_valid"),
            Self::NotFound => Kind::not_found("not_found"),
            Self::Token(_) | Self::NoSecret(_) => Kind::Internal,
            Self::Database(cause) => cause.kind(),
        }
    }
}
