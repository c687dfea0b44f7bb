//! What can be wrong with an account.

use crate::platform::api::Stale;
use crate::platform::auth::SignInAgain;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("A user is already registered with this e-mail address.")]
    EmailTaken,
    #[error("A customer without an account has one name, the first.")]
    OneName,
    #[error("Not found.")]
    NotFound,
    #[error(transparent)]
    SignInAgain(#[from] SignInAgain),
    /// Who looks after customers changes nobody who looks after the shop.
    #[error("This is an account of staff: they change it themselves.")]
    StaffAccount,
    /// Only the books know of them.
    #[error("This customer was erased.")]
    Erased,
    #[error("a message could not be queued: {0}")]
    Untold(anyhow::Error),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for AccountError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmailTaken => Kind::invalid("email", ErrorTree::message("unique", self.to_string())),
            Self::OneName => Kind::invalid("last_name", ErrorTree::message("invalid", self.to_string())),
            Self::NotFound => Kind::not_found("not_found"),
            Self::SignInAgain(cause) => cause.kind(),
            Self::StaffAccount => Kind::conflict("staff_account"),
            Self::Erased => Kind::conflict("customer_erased"),
            Self::Untold(_) => Kind::Internal,
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
