//! The OpenAPI document: collected from the handlers, finished in one pass, shown with Swagger UI.

mod finish;
mod handlers;
mod metadata;
mod schemas;

pub use finish::finish;
pub use handlers::{Document, docs_routes, schema};
pub use metadata::metadata_of;
