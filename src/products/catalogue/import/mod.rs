//! Products from files: a catalogue's own listing, and what the history of another shop mentions.
//!
//! A variant's identity is its SKU, without regard to case.

mod archived;
mod error;
mod listing;
mod models;
mod slugs;
mod work;

pub use archived::{PastVariant, ensure_archived_variants};
pub use error::CatalogueImportError;
pub use listing::{ListedProduct, ListedVariant, import_listing};
