//! The API's own room: what every endpoint shares. How things are asked for and answered, who is let in and in which
//! order that is looked at, what is done only once.

mod answer;
mod conditions;
mod expansion;
mod gate;
mod idempotency;
mod lists;
mod requests;
mod routes;
mod shape;
mod throttling;

pub use answer::{Accepted, Answer, Changed, Created, Gone, Outcome, Resource};
pub use conditions::{Expected, Stale};
pub use expansion::{Loaded, Loader, Relation, RelationKind, keys};
pub use gate::{check_in_order, negotiate, unmatched};
pub use idempotency::{InFlight, purge_idempotency_keys, read_ahead};
pub use lists::{
    Choices, Count, Keyset, Lookup, LookupQuery, Moments, Ordering, Paged, Ranges, Search, Slice, SortColumn, Texts,
    Window, bounded_count, date_part, like_pattern, positions,
};
pub(crate) use lists::{filter, narrow, paginate};
pub use requests::{FilterRequest, ListFilter, ListRequest, ReadRequest, WriteRequest};
pub use routes::RouteTable;
pub use throttling::{Throttle, network_of};
