//! Products: what there is to buy, at which price, and how many of it.

pub mod catalogue; // products and their variants
pub mod categories; // the tree that products are filed in
pub mod channels; // markets: currency, countries, taxes
pub mod pricing; // prices of variants by channel
pub mod stock; // levels, allocations and the ledger
