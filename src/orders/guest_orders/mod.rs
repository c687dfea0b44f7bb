//! Guest orders: links the orders of a guest to the guest's customer account.
//!
//! Owns no table. Runs after a customer has verified an e-mail address.

mod jobs;
mod services;

pub use jobs::LinkGuestOrders;
