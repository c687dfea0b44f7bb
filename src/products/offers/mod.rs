//! Offers: variants with their price in a channel and their availability.
//!
//! Owns no table; reads the tables of catalogue, prices and stock. Product views and checkout use offers.

mod models;
mod saleable;

pub use models::VariantOffer;
pub use saleable::{SaleableVariant, UnavailableReason, VariantRef, find_saleable};
