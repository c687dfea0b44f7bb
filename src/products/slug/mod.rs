//! Slugs of products, categories and channels, and path parameters that are an id or a slug. Owns no table.

mod reference;
mod text;

pub use reference::IdOrSlug;
pub use text::Slug;
