//! Shared API layer: requests and responses, lists, the route table, access checks, rate limits and idempotency keys.

mod conditions;
mod context;
mod endpoint;
mod expansion;
mod field_selection;
mod idempotency;
mod lists;
mod requests;
mod resource;
mod resource_requests;
mod response;
mod route_policies;
mod routes;
mod throttling;

pub use endpoint::{Access, EndpointArgument, EndpointDescription};
pub use idempotency::{InFlightKeys, buffer_keyed_body, purge_idempotency_keys};
pub use lists::{
    ChoiceLookups, Count, DateTimeLookups, Keyset, Lookup, LookupQuery, Ordering, PageRows, Paged, RangeLookups,
    RowWindow, Search, SortColumn, SqlTypeName, TextLookups, bounded_count, date_part, like_pattern, positions,
};
pub(crate) use lists::{apply_lookups, paginate};
pub use mercer_macros::{ListFilter, Record, View, endpoint};
pub use requests::{FilterRequest, ListFilter, ListRequest, ReadRequest, WriteRequest};
pub use resource::{ExpandedResources, Relation, RelationKind, Resource, ResourceLoader, parse_keys};
pub use resource_requests::LoadView;
pub use response::{Accepted, ApiResponse, ApiResult, Created, IntoApiResponse, NoContent, Updated};
pub use route_policies::{enforce_route_policies, handle_unmatched, negotiate};
pub use routes::RouteTable;
pub use throttling::{RateLimitClass, Throttle, network_of};
