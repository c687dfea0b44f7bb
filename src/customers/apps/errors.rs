//! What can be wrong with programs.

use crate::customers::staff::StaffError;
use crate::platform::api::Stale;
use crate::platform::auth::Permission;
use crate::platform::error::{ApiError, ErrorTree, Kind};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("Not found.")]
    NotFound,
    #[error("An app with this name exists already.")]
    NameTaken,
    #[error("\"{}\" cannot be granted to an app.", .0.name())]
    NotForApps(Permission),
    #[error("An app has {0} tokens at most.")]
    TooManyTokens(i64),
    #[error("This time is over.")]
    Over,
    #[error("No random bytes could be had.")]
    NoSecret(#[source] anyhow::Error),
    /// Nobody gives or takes what they lack.
    #[error(transparent)]
    Rights(#[from] StaffError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for AppError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NameTaken => Kind::invalid("name", ErrorTree::message("unique", self.to_string())),
            Self::NotForApps(_) => Kind::invalid("permissions", ErrorTree::message("invalid", self.to_string())),
            Self::TooManyTokens(_) => Kind::conflict("too_many_tokens"),
            Self::Over => Kind::invalid("expires_at", ErrorTree::message("invalid", self.to_string())),
            Self::NoSecret(_) => Kind::Internal,
            Self::Rights(cause) => cause.kind(),
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
