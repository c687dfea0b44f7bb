//! Products: the catalogue, its prices, and the stock of each variant.

pub mod catalogue; // products and their variants
pub mod categories; // category tree
pub mod channels; // markets with currency, countries and taxes
mod error_codes;
pub mod ids; // typed ids that several rooms use
pub mod offers; // variants with their price and availability, for display and for orders
pub mod permissions; // permissions of this domain
pub mod pricing; // price of each variant in each channel
pub mod slug; // slugs, and path parameters that are an id or a slug
pub mod stock; // stock levels, allocations and the stock ledger
pub mod warehouses; // locations that store and ship goods

pub use error_codes::ERROR_CODES;
