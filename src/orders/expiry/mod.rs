//! Expiry: pending orders that are not paid within their channel's time limit.
//!
//! Owns no table. The room `lifecycle` changes the status.

mod jobs;
mod services;

pub use jobs::ExpireUnpaidOrders;
pub use services::expire;
