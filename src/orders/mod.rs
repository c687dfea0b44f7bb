//! Orders: placement, payment, fulfillment and returns.

pub mod access; // access of staff, customers and guests to orders
pub mod checkout; // placing an order in one call
mod error_codes;
pub mod expiry; // expiry of unpaid orders
pub mod fulfillment; // preparing, shipping and delivering
pub mod guest_orders; // guest orders of customers with an account
pub mod ids; // typed ids that several rooms use
pub mod lifecycle; // orders, their lines, their status and history
pub mod notifications; // messages about orders
pub mod payments; // payments of an order and their transactions
pub mod permissions; // permissions of this domain
pub mod pricing; // prices and totals of orders: pure arithmetic
pub mod privacy; // personal data in orders
pub mod returns; // returned goods

pub use error_codes::ERROR_CODES;
