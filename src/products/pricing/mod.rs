//! Pricing: the price of a variant in a channel.
//!
//! Owns `variant_prices`. A price has the currency of its channel; a database constraint enforces this.

mod models;

pub use models::{NewPrice, VariantPrice, set_prices};
