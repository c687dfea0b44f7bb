//! Errors of sign-in with a provider and of linking identities.

use actix_web::http::StatusCode;

use crate::customers::accounts::AccountError;
use crate::customers::auth::AuthError;
use crate::customers::verification::VerificationError;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::oidc::OidcError;

/// Error of sign-in or linking. Messages are those of dj-rest-auth and allauth where these define one.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// No provider with this name is configured.
    #[error("Not found.")]
    UnknownProvider,
    /// An e-mail address does not prove ownership of an account: the user must sign in to it and link the identity.
    #[error("User is already registered with this e-mail address.")]
    EmailTaken,
    #[error("Unable to log in with provided credentials.")]
    Inactive,
    #[error("Failed to exchange code for access token")]
    CodeRejected,
    #[error("Incorrect value")]
    TokenRejected,
    #[error("The provider has not verified this e-mail address.")]
    EmailUnverified,
    /// The provider returned an error code instead of an authorization code.
    #[error("The provider did not complete the sign-in: {0}.")]
    Declined(&'static str),
    /// The state is unknown, used, expired, or belongs to another browser.
    #[error("This sign-in was not started in this browser or has expired. Start the sign-in again.")]
    InvalidState,
    #[error("The social account is already connected to a different account.")]
    LinkedToOtherAccount,
    /// The account has no password, no passkey and no other identity.
    #[error("Your account has no password set up.")]
    LastSignInMethod,
    #[error("Not found.")]
    NotFound,
    #[error("identity provider unavailable: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Letter(#[from] VerificationError),
    #[error(transparent)]
    Account(AccountError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl OAuthError {
    /// Returns the `error` parameter of the redirect: the code of OAuth 2.0 where it defines one.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::Declined(code) => code,
            Self::Inactive | Self::UnknownProvider | Self::NotFound => "access_denied",
            Self::CodeRejected | Self::TokenRejected | Self::InvalidState => "invalid_grant",
            Self::EmailUnverified => "email_unverified",
            Self::LinkedToOtherAccount | Self::LastSignInMethod => "invalid_request",
            Self::Unavailable(_) => "temporarily_unavailable",
            Self::Letter(_) | Self::Account(_) | Self::Auth(_) | Self::Database(_) => "server_error",
        }
    }

    /// Returns true if the sign-in was rejected, and false if it failed for a technical reason.
    pub const fn is_rejection(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::Letter(_) | Self::Account(_) | Self::Auth(_) | Self::Database(_))
    }

    fn non_field(&self) -> Kind {
        Kind::Invalid(ErrorTree::non_field("invalid", self.to_string()))
    }
}

impl From<AccountError> for OAuthError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::EmailTaken => Self::EmailTaken,
            other => Self::Account(other),
        }
    }
}

impl From<OidcError> for OAuthError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::CodeRejected => Self::CodeRejected,
            OidcError::TokenRejected(_) => Self::TokenRejected,
            OidcError::EmailUnverified => Self::EmailUnverified,
            OidcError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl ApiError for OAuthError {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownProvider | Self::NotFound => Kind::not_found("not_found"),
            Self::EmailTaken
            | Self::Inactive
            | Self::CodeRejected
            | Self::TokenRejected
            | Self::EmailUnverified
            | Self::Declined(_)
            | Self::LinkedToOtherAccount
            | Self::LastSignInMethod => self.non_field(),
            Self::InvalidState => Kind::rejected(StatusCode::BAD_REQUEST, "invalid_state"),
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Letter(cause) => cause.kind(),
            Self::Account(cause) => cause.kind(),
            Self::Auth(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
