//! Why something that needs proof is not done.

use crate::customers::accounts::AccountError;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// Unknown, used, replaced, too old, or made for another password or address: all the same.
    #[error("Invalid value")]
    BadToken,
    /// The same, at the door where dj-rest-auth answers 404.
    #[error("Not found.")]
    BadKey,
    #[error("Your old password was entered incorrectly. Please enter it again.")]
    WrongOldPassword,
    #[error("Your password was entered incorrectly. Please enter it again.")]
    WrongPassword,
    #[error("This field is required.")]
    PasswordNeeded,
    #[error("This is your e-mail address already.")]
    SameEmail,
    /// No random bytes, nothing sealed, nothing queued.
    #[error("a mail could not be made: {0:#}")]
    Broken(anyhow::Error),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for VerificationError {
    fn kind(&self) -> Kind {
        let field = |name, code| Kind::invalid(name, ErrorTree::message(code, self.to_string()));
        match self {
            Self::BadToken => field("token", "invalid"),
            Self::BadKey => Kind::not_found("not_found"),
            Self::WrongOldPassword => field("old_password", "password_incorrect"),
            Self::WrongPassword => field("password", "password_incorrect"),
            Self::PasswordNeeded => Kind::invalid("password", ErrorTree::required()),
            Self::SameEmail => field("new_email", "unchanged"),
            Self::Broken(cause) => cause.downcast_ref::<diesel::result::Error>().map_or(Kind::Internal, ApiError::kind),
            Self::Account(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
