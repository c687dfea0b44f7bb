//! Lists: filters, ordering, paging and the envelope of a page.

mod apply_lookups;
mod count;
mod cursor;
#[cfg(test)]
mod derive_tests;
mod lookups;
mod ordering;
mod page;
mod patterns;
mod search;
mod window;

pub(crate) use apply_lookups::apply_lookups;
pub use apply_lookups::date_part;
pub use count::bounded_count;
pub use lookups::{ChoiceLookups, DateTimeLookups, Lookup, LookupQuery, RangeLookups, TextLookups, filter_from_query};
pub use ordering::{Ordering, Sort, SortColumn, SqlTypeName};
pub use page::{Page, Paged};
pub use patterns::like_pattern;
pub use search::Search;
pub(crate) use window::paginate;
pub use window::{Count, Keyset, PageRows, RowWindow, positions};
