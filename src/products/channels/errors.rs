//! Errors of the channel operations.

use crate::platform::error::ApiError;
use crate::platform::write_context::Stale;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum ChannelError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("The currency cannot be changed while variants have prices in this channel.")]
    #[kind(conflict = "currency_in_use")]
    CurrencyInUse,
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}
