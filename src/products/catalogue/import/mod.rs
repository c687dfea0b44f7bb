//! Import of products: from catalogue files, and archived ones for past orders.
//!
//! The SKU identifies a variant; the comparison ignores case.

mod archived;
mod batch;
mod error;
mod models;
mod plan;
mod rows;
mod slugs;

pub use archived::{HistoricalProduct, HistoricalVariant, ensure_archived_variants};
pub use error::CatalogueImportError;
pub use plan::import_products;
pub use rows::{ProductRow, VariantRow};
