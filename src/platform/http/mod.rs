//! HTTP in the dialect of Django REST framework: reading bodies and queries, lists, answers.

mod body;
mod compression;
mod created;
mod fallback;
mod filters;
mod from_json;
mod front_door;
mod head;
mod ordering;
mod page;
mod security_headers;
mod slashes;

pub use body::{Body, FromObject, Members, object_from_json};
pub(crate) use body::{body, patch_body};
pub use compression::{hide_identity, spare_small_bodies};
pub use created::Created;
pub use fallback::{RouteTable, refuse_other_methods, unmatched};
pub(crate) use filters::filter;
pub use filters::{Filters, like_pattern, search_terms};
pub use from_json::{Field, FromJson, python_type, text_from_json};
pub use front_door::guard_front_door;
pub use head::answer_head;
pub use ordering::{OrderKey, Sort, SortedBy};
pub use page::{Page, Paged};
pub use security_headers::security_headers;
pub use slashes::serve_both_slashes;
