//! Idempotency keys: a write that is sent twice is done once, and answered alike.
//!
//! Owns `idempotency_keys`. The answer commits with the effect: a crash before leaves nothing, and a retry simply
//! runs; a crash after finds the answer stored. A running twin is known by an advisory lock on the scope, which an
//! uncommitted row could not show.

mod digest;
mod in_flight;
mod models;
mod once;
mod read_ahead;

pub use in_flight::InFlight;
pub use models::purge_idempotency_keys;
pub(super) use once::Once;
pub use read_ahead::read_ahead;
