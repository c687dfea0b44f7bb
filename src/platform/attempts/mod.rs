//! Attempts: limits for failed checks of passwords, codes and tokens of one account.
//!
//! Owns `attempts`. In addition to the rate limit of each address, which counts requests, these limits count failures:
//! of one account from one address, and of one account from all addresses that it has never signed in from. An address
//! that the account has signed in from has a separate limit, so that an attacker cannot lock out the owner. The
//! counters are in the database: all instances share them, they survive restarts, and they do not depend on Redis.

mod jobs;
mod models;
mod services;

pub use jobs::PurgeAttempts;
pub use services::{CountedAttempt, start};
