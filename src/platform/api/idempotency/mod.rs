//! Idempotency keys: the server executes a repeated write once and returns the stored response.
//!
//! Owns `idempotency_keys`. The response commits with the effect: after a crash before the commit a retry executes the
//! request, and after a crash following the commit a retry returns the stored response. An advisory lock on the scope
//! detects a request that is still running, because its row is not committed and therefore not visible.

mod buffered_body;
mod digest;
mod idempotent_request;
mod in_flight;
mod models;

pub use buffered_body::buffer_keyed_body;
pub(super) use idempotent_request::IdempotentRequest;
pub use in_flight::InFlightKeys;
pub use models::purge_idempotency_keys;
