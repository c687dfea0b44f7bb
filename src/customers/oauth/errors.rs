//! Why somebody is not let in, or an identity not linked.

use actix_web::http::StatusCode;

use crate::customers::accounts::AccountError;
use crate::customers::auth::AuthError;
use crate::customers::verification::VerificationError;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::oidc::OidcError;

/// In the words of dj-rest-auth and allauth, where they have some.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// Nobody has set up a provider of this name.
    #[error("Not found.")]
    UnknownProvider,
    /// Whose account it is cannot be told from an address: they sign in to it and link the identity there.
    #[error("User is already registered with this e-mail address.")]
    EmailTaken,
    #[error("Unable to log in with provided credentials.")]
    Inactive,
    #[error("Failed to exchange code for access token")]
    CodeRefused,
    #[error("Incorrect value")]
    TokenRefused,
    #[error("The provider has not verified this e-mail address.")]
    EmailUnverified,
    /// The provider sends somebody back without a code, and says why.
    #[error("The provider did not sign you in: {0}")]
    Declined(&'static str),
    /// The state is not known, was used, is too old, or another browser's.
    #[error("This sign-in was not begun in this browser, or too long ago.")]
    StateRefused,
    #[error("The social account is already connected to a different account.")]
    LinkedElsewhere,
    /// Without a password and without another identity nobody could sign in to this account again.
    #[error("Your account has no password set up.")]
    LastWayIn,
    #[error("Not found.")]
    NotFound,
    #[error("identity provider: {0}")]
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
    /// For the page that somebody is sent back to: what OAuth 2.0 calls it, where it has a name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::Declined(code) => code,
            Self::Inactive | Self::UnknownProvider | Self::NotFound => "access_denied",
            Self::CodeRefused | Self::TokenRefused | Self::StateRefused => "invalid_grant",
            Self::EmailUnverified => "email_unverified",
            Self::LinkedElsewhere | Self::LastWayIn => "invalid_request",
            Self::Unavailable(_) => "temporarily_unavailable",
            Self::Letter(_) | Self::Account(_) | Self::Auth(_) | Self::Database(_) => "server_error",
        }
    }

    /// Somebody is not let in, and nothing is broken.
    pub const fn is_refusal(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::Letter(_) | Self::Account(_) | Self::Auth(_) | Self::Database(_))
    }

    fn of_object(&self) -> Kind {
        Kind::Invalid(ErrorTree::of_object("invalid", self.to_string()))
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
            OidcError::CodeRefused => Self::CodeRefused,
            OidcError::TokenRefused(_) => Self::TokenRefused,
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
            | Self::CodeRefused
            | Self::TokenRefused
            | Self::EmailUnverified
            | Self::Declined(_)
            | Self::LinkedElsewhere
            | Self::LastWayIn => self.of_object(),
            Self::StateRefused => Kind::refused(StatusCode::BAD_REQUEST, "invalid_state"),
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Letter(cause) => cause.kind(),
            Self::Account(cause) => cause.kind(),
            Self::Auth(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
