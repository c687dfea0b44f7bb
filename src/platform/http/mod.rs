//! HTTP in the dialect of Django REST framework: reading bodies and queries, lists, answers.

mod answer;
mod body;
mod compression;
mod conditions;
mod expansion;
mod form;
mod from_json;
mod front_door;
mod gate;
mod head;
mod idempotency;
mod lists;
mod media;
mod query;
mod requests;
mod routes;
mod security_headers;
mod shape;
mod slashes;
mod strict_json;
mod throttling;

pub use answer::{Answer, Changed, Created, Gone, Outcome, Resource};
pub use body::{Body, FromObject, Members, object_from_json};
pub(crate) use body::{body, patch_body};
pub use compression::{hide_identity, spare_small_bodies};
pub use conditions::{Expected, Stale};
pub use expansion::{Loaded, Loader, Relation, RelationKind, keys};
pub use from_json::{Field, FromJson, python_type, text_from_json};
pub use front_door::guard_front_door;
pub use gate::{check_in_order, negotiate, unmatched};
pub use head::answer_head;
pub use idempotency::{InFlight, purge_idempotency_keys, read_ahead};
pub use lists::{
    Choices, Count, Keyset, Lookup, LookupQuery, Moments, Ordering, Paged, QueryValue, Ranges, Search, Slice,
    SortColumn, Texts, Window, bounded_count, date_part, like_pattern, positions,
};
pub(crate) use lists::{filter, narrow, paginate};
pub use requests::{ListFilter, ListRequest, ReadRequest, Unfiltered, WriteRequest};
pub use routes::RouteTable;
pub use security_headers::security_headers;
pub use slashes::serve_both_slashes;
pub use throttling::{Rate, Rates, Throttle};
