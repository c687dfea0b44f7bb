//! Lists: which page of what is asked for, in which order, and the envelope that it comes in.

mod count;
mod cursor;
mod lookups;
mod narrow;
mod ordering;
mod page;
mod patterns;
mod search;
mod slice;

pub use count::bounded_count;
pub(crate) use lookups::filter;
pub use lookups::{Choices, Lookup, LookupQuery, Moments, Ranges, Texts, filter_from_query};
pub use narrow::date_part;
pub(crate) use narrow::narrow;
pub use ordering::{Ordering, Sort, SortColumn};
pub use page::{Page, Paged};
pub use patterns::like_pattern;
pub use search::Search;
pub(crate) use slice::paginate;
pub use slice::{Count, Keyset, Slice, Window, positions};
