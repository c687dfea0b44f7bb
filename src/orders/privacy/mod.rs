//! Privacy: export and erasure of the personal data in orders.
//!
//! Owns no table. The room `lifecycle` erases the data in its rows.

mod jobs;
mod models;
mod personal_data;

pub use jobs::EraseOrderData;
pub use personal_data::OrderData;
