//! Pricing: what a variant costs in a channel.
//!
//! Owns `variant_prices`. A price stands in its channel's currency, which the database holds.

mod models;

pub use models::{VariantPrice, set_prices};
