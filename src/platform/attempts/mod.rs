//! Attempts: how often a password, a code or a token may be tried for one account.
//!
//! Owns `attempts`. Beside the limit of each address, which counts requests, these count what was wrong: for one
//! account from one address, and for one account from all addresses that it never signed in from. The address that an
//! account did sign in from keeps an allowance of its own, so that no stranger locks the owner out. It is all in the
//! database: instances share it, a restart forgets nothing, and without Redis it counts just the same.

mod jobs;
mod models;
mod services;

pub use jobs::PurgeAttempts;
pub use services::{Attempt, begin};
