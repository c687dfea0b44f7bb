//! Macros that remove the mechanical parts of a resource: endpoint declarations, list filters, request bodies and
//! versioned records.
//!
//! The expansions refer to items of the `mercer` crate (`crate::platform::…`), so the macros work only inside it.

mod api_error;
mod endpoint;
mod list_filter;
mod record;
mod request_body;
mod syntax;
mod view;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, ItemStruct, parse_macro_input};

/// Declares an endpoint: its OpenAPI operation and its policies.
///
/// Place it above the route attribute. The macro reads the signature of the handler. Each argument type implements
/// `EndpointArgument`, which adds the argument's parameters and security requirement to the operation:
/// `Path<T>`, `ReadRequest`, `WriteRequest`, `ListRequest<F>` and `FilterRequest<F>` add parameters;
/// `Allowed<P>`, `Authenticated`, `CurrentUser`, `CurrentCustomer` and `OptionalPrincipal` add the security
/// requirement. `Body<T>` becomes the request body.
///
/// ```ignore
/// /// Create a customer group
/// #[endpoint(tag = "customer-groups", returns(201 = GroupView))]
/// #[post("/")]
/// pub async fn create_group(
///     app: Data<App>,
///     _staff: Allowed<ManageCustomerGroups>,
///     request: WriteRequest,
///     body: Body<GroupBody>,
/// ) -> Result<ApiResponse, Problem> { .. }
/// ```
///
/// Attributes:
/// - `tag = "orders"` (required): tag of the operation.
/// - `returns(200 = OrderView)`, `returns(204)`, `returns(200 = LoginView, 202 = ChallengeView)`: responses with their
///   bodies. `Paged<T>`, `Vec<T>` and `Object` work as bodies.
/// - `responses((status = 302, description = "…", headers(("Location" = String))))`: further responses in the syntax
///   of `utoipa::path`.
/// - `params(CallbackParams)`: further parameters (types that implement `IntoParams`) that the handler reads from
///   `HttpRequest`.
/// - `request_body = T`: request body of a handler that reads the body without `Body<T>`.
/// - `throttle = login`: rate-limit class `anon`, `user`, `login` or `write`. Default: `write` for unsafe methods,
///   otherwise `user` or `anon`.
/// - `credentials = ignored_if_invalid`: the server treats a request with invalid credentials as anonymous. Default:
///   it rejects the request with 401.
/// - `idempotency = none`: the server ignores `Idempotency-Key`. Default: `WriteRequest` on POST and PATCH accepts
///   keys.
#[proc_macro_attribute]
pub fn endpoint(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as endpoint::EndpointAttributes);
    let handler = parse_macro_input!(item as ItemFn);
    endpoint::expand(&arguments, &handler).into()
}

/// Derives the filters and the orderings of a list from a struct with one field per filter.
///
/// Generates `ListFilter` (reads the query), `IntoParams` (documents it), `Ordering`, and two functions: `apply(query)`
/// adds the conditions of the filters to a boxed query, and `page(conn, list, rows)` loads a page of `row`s; `rows`
/// returns the unfiltered query and is called several times.
///
/// ```ignore
/// #[derive(Debug, Clone, Default, ListFilter)]
/// #[list(table = customer_groups, row = CustomerGroup)]
/// #[list(order_by(name, created_at, updated_at), default = "name")]
/// pub struct GroupFilter {
///     pub name: TextLookups,
///     pub created_at: DateTimeLookups,
///     /// Each word must occur in the name or in the description
///     #[list(search(name, description))]
///     pub search: Search,
/// }
///
/// pub(super) type GroupList = ListRequest<GroupFilter>;
/// ```
///
/// Attributes of the struct:
/// - `table = customer_groups` (required): table of columns that are written as a bare name.
/// - `row = CustomerGroup`: Diesel model that `page` selects. Without it, only `apply` is generated.
/// - `order_by(..)`: columns that a client can order by. Entries: `name` (column of the table), `users::email`,
///   `"total" = total_gross` (another name in the query), `"price" = sql("coalesce(price, 0)", "numeric")`,
///   `"price" = sql("ascending expression", "descending expression", "numeric")`. A column must not be nullable.
/// - `default = "-created_at"` (required with `order_by`): default ordering, in the syntax of the query.
/// - `id = customer_id`: column that breaks ties. Default: `id`.
/// - `query = CustomerRecordQuery`: type of the boxed query. Default: `table::BoxedQuery<'q, Pg>`. It can use `'q`.
///
/// The doc comment of a field is the description of its query parameter. The type selects the condition:
/// `TextLookups`, `ChoiceLookups<T>`, `RangeLookups<T>`, `DateTimeLookups`, and `Option<T>` for equality. Attributes of
/// a field:
/// - `key = "customer"`: name in the query. Default: the name of the field.
/// - `column = customer_id`, `column = users::email`, `column = sql::<Text>(NAME)`: column or expression. Default: the
///   column of the table with the name of the field.
/// - `search(name, description)`: columns of which one must contain each word; only for `Search`.
/// - `lowercase`: converts the value to lower case, for columns that store lower case; only for `TextLookups`.
/// - `with = function`: function `fn(query: Q, lookups: &FieldType) -> Q` that adds the condition.
/// - `skip`: reads and documents the filter, but `apply` adds no condition.
#[proc_macro_derive(ListFilter, attributes(list))]
pub fn list_filter(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    list_filter::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Defines a request body from a struct, and the body of PATCH with it.
///
/// The body reads every field and reports all validation errors together. A field of type `Option<T>` can be absent or
/// null, a `Field<T>` distinguishes absent and null, and any other field is required.
///
/// ```ignore
/// #[request_body(CustomerGroupRequest, patch = PatchedGroupBody, table = customer_groups)]
/// #[derive(Debug, Clone)]
/// pub struct GroupBody {
///     #[schema(example = "Wholesale")]
///     pub name: NonEmptyText<150>,
///     pub description: Option<Text<1000>>,
///     pub metadata: Option<Metadata>,
/// }
/// ```
///
/// Arguments of the attribute:
/// - the name of the OpenAPI schema (required, first).
/// - `patch = PatchedGroupBody`: also defines the body of PATCH with the same fields, none of them required; an
///   `Option<T>` rejects null there. Its schema is `Patched` and the name of the schema. `From<GroupBody>` converts a
///   PUT body: omitted optional fields stay unchanged.
/// - `partial`: the struct is itself the body of PATCH. Its fields are `Option<T>` (rejects null) and `Field<T>`.
/// - `table = customer_groups`: implements Diesel's `Insertable` for `&GroupBody` (an absent field gets the default of
///   its column) and `AsChangeset` for `&PatchedGroupBody` (an absent field stays unchanged; a null `Field` sets null).
///
/// Attributes of a field:
/// - `#[body(column = parent_id)]`: column of the field. Default: the column with the name of the field.
/// - `#[body(skip)]`: the field has no column; the service handles it.
/// - `#[schema(..)]` of utoipa.
#[proc_macro_attribute]
pub fn request_body(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as request_body::BodyAttributes);
    let item = parse_macro_input!(item as ItemStruct);
    request_body::expand(&arguments, &item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives the queries and the audited writes of a table with one row per resource.
///
/// ```ignore
/// #[derive(Debug, Clone, HasQuery, Record)]
/// #[diesel(table_name = customer_groups)]
/// #[record(object = "customer_group", error = GroupError, audit(name, description, metadata))]
/// #[record(constraints("customer_groups_name_key" => GroupError::NameTaken))]
/// #[record(create = GroupBody, update = PatchedGroupBody, delete)]
/// pub struct CustomerGroup {
///     pub id: CustomerGroupId,
///     pub name: String,
///     pub description: String,
///     pub metadata: Value,
///     pub version: i32,
///     pub created_at: DateTime<Utc>,
///     pub updated_at: DateTime<Utc>,
/// }
/// ```
///
/// Generates, with the visibility `pub(super)`:
/// - `find(conn, id) -> QueryResult<Option<Self>>` and `get(conn, id) -> Result<Self, Error>` (`Error::NotFound`).
/// - `lock(conn, context, id) -> Result<Self, Error>`: `for no key update`, then `If-Match` against `version`.
/// - `create(conn, context, &new)`: new id, `created_at`, `updated_at`; audit entry `customer_group.created`.
/// - `row.update(conn, context, &changes)`: `version + 1`, `updated_at`; audit entry `customer_group.changed` with the
///   differences.
/// - `row.delete(conn, context)`: audit entry `customer_group.deleted`.
/// - `row.audit_fields()`, `row.audit_created(..)`, `row.audit_changed(conn, context, &before)`,
///   `row.audit_deleted(..)` and `row.audit(conn, context, action, changes)`, for services that write by themselves.
///
/// The columns `version`, `created_at` and `updated_at` are optional. Attributes:
/// - `object = "customer_group"` (required): type of the object in the audit log.
/// - `error = GroupError` (required): error enum with the variants `NotFound`, `Stale(#[from] Stale)` and
///   `Database(#[from] diesel::result::Error)`.
/// - `audit(name, description)`: audited fields.
/// - `constraints("name_of_constraint" => GroupError::NameTaken)`: errors of violated constraints.
/// - `create = T`: `&T` implements `Insertable`. `update = T`: `&T` implements `AsChangeset`. `delete`.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    record::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives `ApiError`, the conversion to HTTP, for the error enum of a room.
///
/// ```ignore
/// #[derive(Debug, thiserror::Error, ApiError)]
/// pub enum GroupError {
///     #[error("Not found.")]
///     #[kind(not_found = "not_found")]
///     NotFound,
///     #[error("customer group with this name already exists.")]
///     #[kind(invalid("name", "unique"))]
///     NameTaken,
///     #[error("Some of these customers do not exist.")]
///     #[kind(with = unknown_customers)]
///     UnknownCustomers(Vec<UnknownCustomer>),
///     #[error(transparent)]
///     Database(#[from] diesel::result::Error),
/// }
/// ```
///
/// A variant with `#[error(transparent)]` has the kind of its cause. Any other variant needs one of:
/// - `#[kind(not_found = "code")]` (404), `#[kind(conflict = "code")]` (409), `#[kind(forbidden = "code")]` (403).
/// - `#[kind(invalid("field", "code"))]`: 400 with the message of the variant at the field.
/// - `#[kind(internal)]`: 500; only the log contains the cause.
/// - `#[kind(with = function)]`: `function` returns the `Kind`; its arguments are references to the variant's fields.
#[proc_macro_derive(ApiError, attributes(kind))]
pub fn api_error(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    api_error::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives a view from a row, and `Resource`.
///
/// ```ignore
/// #[derive(Debug, Serialize, ToSchema, View)]
/// #[schema(as = CustomerGroupMember)]
/// #[view(row = Member, relations(Relation::reference("customer", directory::expandable, customer_relations)))]
/// pub struct MemberView {
///     #[view(field = customer_id)]
///     pub customer: CustomerId,
///     pub added_at: DateTime<Utc>,
/// }
/// ```
///
/// Generates:
/// - `From<Row>`, which moves the fields of the same name, and `LoadView` with it. If a field is an argument or a
///   lookup, `from_row(row, argument, ..)` replaces `From<Row>`; if a field is an argument, the room implements
///   `LoadView`.
/// - `Resource`: the version for `If-Match` if the view has a field `version`.
///
/// Attributes of the struct:
/// - `row = Member` (required): Diesel model of the row.
/// - `relations(..)`: members that a client can expand, a list of `Relation` expressions.
/// - `last_modified = updated_at`: sends `Last-Modified`; only if every member of the view changes with the row.
/// - `manual`: does not generate `Resource`, for a view with redaction.
///
/// Attributes of a field:
/// - `field = customer_id`: field of the row with another name.
/// - `value = row.permissions()`: expression that can borrow `row`.
/// - `lookup = Member::counts`: value of a map by the row's id. The function `fn(&mut PgConnection, &[Id]) ->
///   QueryResult<HashMap<Id, T>>` runs once for all rows; a missing id has the default.
/// - `argument`: argument of `from_row`.
#[proc_macro_derive(View, attributes(view))]
pub fn view(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    view::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
