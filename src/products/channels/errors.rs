//! What can be wrong with a channel.

use crate::platform::api::Stale;
use crate::platform::error::{ApiError, Kind};

#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    #[error("Not found.")]
    NotFound,
    #[error("The channel has prices in its currency.")]
    CurrencyInUse,
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for ChannelError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::CurrencyInUse => Kind::conflict("currency_in_use"),
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}
