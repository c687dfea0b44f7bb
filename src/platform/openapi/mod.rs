//! OpenAPI document: collected from the handlers and completed in one pass. `api_docs` serves it.

mod contract;
mod finish;
mod metadata;
mod schemas;

pub use contract::{contract, to_readable_json};
pub use finish::{IGNORES_INVALID_CREDENTIALS, RATE_LIMIT, finish};
pub use metadata::metadata_of;
