//! Request types of handlers: reads, lists and writes, each with the parameters that all endpoints of its kind share.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use diesel::pg::PgConnection;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{Required, Type};

use super::field_selection::FieldSelection;
use super::idempotency::IdempotentRequest;
use super::lists::{Count, LookupQuery, Ordering, Page, PageRows, RowWindow, Sort, filter_from_query};
use super::resource::Resource;
use super::response::{ApiResponse, IntoApiResponse, ResponseBuilder, ResponseWriter};
use crate::platform::app::App;
use crate::platform::auth::{MasterKey, Principal, principal_of};
use crate::platform::error::Problem;
use crate::platform::http::QueryPairs;
use crate::platform::write_context::WriteContext;

const X_COUNT: HeaderName = HeaderName::from_static("x-count");

/// A request for one resource, or for a list without pages.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    field_selection: FieldSelection,
    principal: Option<Principal>,
}

impl ReadRequest {
    fn from_http(request: &HttpRequest, query: &QueryPairs) -> Result<Self, Problem> {
        Ok(Self { field_selection: FieldSelection::read(query)?, principal: principal_of(request) })
    }

    /// Responds with the resource that `find` returns.
    pub async fn one<T, E>(
        self,
        app: &App,
        find: impl Fn(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        T: Resource,
        E: Into<Problem> + 'static,
    {
        let read = move |conn: &mut PgConnection| {
            let view = find(conn).map_err(Into::into)?;
            self.response_builder(conn).one(StatusCode::OK, view)
        };
        app.db.read(read).await
    }

    /// Responds with the resources that `list` returns, as a bare array.
    pub async fn all<T, E>(
        self,
        app: &App,
        list: impl Fn(&mut PgConnection) -> Result<Vec<T>, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        T: Resource,
        E: Into<Problem> + 'static,
    {
        let read = move |conn: &mut PgConnection| {
            let views = list(conn).map_err(Into::into)?;
            self.response_builder(conn).all(views)
        };
        app.db.read(read).await
    }

    fn response_builder<'a>(&'a self, conn: &'a mut PgConnection) -> ResponseBuilder<'a> {
        ResponseBuilder { conn, principal: self.principal.as_ref(), field_selection: &self.field_selection }
    }
}

impl FromRequest for ReadRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_http(request, &QueryPairs::from_request(request)))
    }
}

impl IntoParams for ReadRequest {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = FieldSelection::into_params(parameter_in);
        parameters.push(header(
            "If-None-Match",
            "`ETag` of the client's copy. The response is 304 without a body if the copy is current.",
        ));
        parameters
    }
}

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build()
}

/// Filters of a list. The `ListFilter` derive generates the implementation.
pub trait ListFilter: IntoParams + Sized {
    fn read(query: &mut LookupQuery) -> Self;
}

/// A request for a page of a list: filtered by `F`, ordered by `O`.
pub struct ListRequest<F, O = F> {
    pub filter: F,
    sort: Sort<O>,
    page: Page,
    key: Arc<MasterKey>,
    read: ReadRequest,
}

impl<F: ListFilter, O: Ordering> ListRequest<F, O> {
    fn from_http(request: &HttpRequest) -> Result<Self, Problem> {
        let query = QueryPairs::from_request(request);
        let key = Arc::clone(&App::from_request(request)?.master_key);
        let read = ReadRequest::from_http(request, &query)?;
        let sort = Sort::read(query.last("ordering").unwrap_or_default());
        let filter = filter_from_query(&query, F::read)?;
        let connection = request.connection_info();
        let url = format!("{}://{}{}", connection.scheme(), connection.host(), request.path());
        let page = Page::read(query, url, &key, &sort)?;
        Ok(Self { filter, sort, page, key, read })
    }
}

impl<F, O: Ordering> ListRequest<F, O> {
    /// Responds with the page whose rows `list` returns.
    pub async fn page<T, E>(
        self,
        app: &App,
        list: impl Fn(&mut PgConnection, &Self) -> Result<PageRows<T>, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        F: Send + 'static,
        T: Resource,
        E: Into<Problem> + 'static,
    {
        let read = move |conn: &mut PgConnection| {
            let rows = list(conn, &self).map_err(Into::into)?;
            self.page.ensure_exists(&rows)?;
            let is_estimated = matches!(rows.count, Some(Count::Estimated(_)));
            let response = self.read.response_builder(conn).page(self.page.envelope(&self.key, rows))?;
            if is_estimated { response.with_header(X_COUNT, "estimated") } else { Ok(response) }
        };
        app.db.read(read).await
    }

    /// Returns true if the page needs the number of rows. Used by `paginate!`.
    pub const fn wants_count(&self) -> bool {
        self.page.wants_count()
    }

    /// Returns the rows to read. Used by `paginate!`.
    pub fn window(&self, count: Option<Count>) -> Result<RowWindow, Problem> {
        self.page.window(count, &self.sort)
    }
}

impl<F: ListFilter, O: Ordering> FromRequest for ListRequest<F, O> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_http(request))
    }
}

impl<F: ListFilter, O: Ordering> IntoParams for ListRequest<F, O> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameters = [
            F::into_params(&parameter_in),
            Sort::<O>::into_params(&parameter_in),
            Page::into_params(&parameter_in),
            ReadRequest::into_params(&parameter_in),
        ];
        parameters.concat()
    }
}

/// The filters of a list without paging and ordering, for exports.
#[derive(Debug, Clone)]
pub struct FilterRequest<F>(pub F);

impl<F: ListFilter> FromRequest for FilterRequest<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(filter_from_query(&QueryPairs::from_request(request), F::read).map(Self))
    }
}

impl<F: ListFilter> IntoParams for FilterRequest<F> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        F::into_params(parameter_in)
    }
}

/// A request for a write: its context, its idempotency key and the field selection of its response.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    pub context: WriteContext,
    idempotency: Option<IdempotentRequest>,
    read: ReadRequest,
}

impl WriteRequest {
    fn from_http(request: &HttpRequest) -> Result<Self, Problem> {
        Ok(Self {
            context: WriteContext::from_http(request)?,
            idempotency: IdempotentRequest::from_http(request)?,
            read: ReadRequest::from_http(request, &QueryPairs::from_request(request))?,
        })
    }

    /// Identifies the guest of an anonymous request, so that two guests never share an idempotency key.
    #[must_use]
    pub fn with_guest_key(mut self, guest: &str) -> Self {
        if let Some(idempotency) = &mut self.idempotency {
            idempotency.set_guest(guest);
        }
        self
    }

    /// Runs `work` in one transaction, at most once for each `Idempotency-Key`, and responds with its result.
    pub async fn run<R, E>(
        self,
        app: &App,
        work: impl Fn(&mut PgConnection, &WriteContext) -> Result<R, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        R: IntoApiResponse,
        E: Into<Problem> + 'static,
    {
        let now = self.context.at;
        let perform = move |conn: &mut PgConnection, request: &Self| {
            let outcome = work(conn, &request.context).map_err(Into::into)?;
            request.context.expected.ensure_compared()?;
            outcome.into_api_response(ResponseWriter(request.read.response_builder(conn)))
        };
        let Some(idempotency) = self.idempotency.clone() else {
            return app.db.write(move |conn| perform(conn, &self)).await;
        };
        let guard = app.in_flight.enter(&idempotency)?;
        let key = Arc::clone(&app.master_key);
        let write = move |conn: &mut PgConnection| {
            // The guard lives as long as the transaction, even if the client disconnects.
            let _entered = &guard;
            idempotency.run(conn, &key, now, |conn| perform(conn, &self))
        };
        app.db.write(write).await
    }
}

impl FromRequest for WriteRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_http(request))
    }
}

/// The finished document omits the header that a method does not support.
impl IntoParams for WriteRequest {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = FieldSelection::into_params(parameter_in);
        parameters.push(header(
            "Idempotency-Key",
            "1 to 255 visible ASCII characters. A repeated request with the same key returns the stored response for \
             24 hours.",
        ));
        parameters.push(header(
            "If-Match",
            "`ETag` of the client's copy. Returns 412 `precondition_failed` if the resource has changed since.",
        ));
        parameters
    }
}
