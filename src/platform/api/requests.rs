//! What every request brings along beside its path and its body: the three ways to ask, and how each is answered.

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

use super::answer::{Answer, Outcome, OutcomeWriter, Resource, Writer};
use super::conditions::Expected;
use super::idempotency::Once;
use super::lists::{Count, LookupQuery, Ordering, Page, Slice, Sort, Window, filter_from_query};
use super::shape::Shape;
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{MasterKey, Principal, principal_of};
use crate::platform::error::Problem;
use crate::platform::http::QueryPairs;

const X_COUNT: HeaderName = HeaderName::from_static("x-count");

/// A request for one thing, or for a few that come without pages.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    shape: Shape,
    principal: Option<Principal>,
}

impl ReadRequest {
    fn of(request: &HttpRequest, query: &QueryPairs) -> Result<Self, Problem> {
        Ok(Self { shape: Shape::read(query)?, principal: principal_of(request) })
    }

    /// Answers with what `find` finds.
    pub async fn one<T, E>(
        self,
        app: &App,
        find: impl Fn(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<Answer, Problem>
    where
        T: Resource,
        E: Into<Problem> + 'static,
    {
        let read = move |conn: &mut PgConnection| {
            let view = find(conn).map_err(Into::into)?;
            self.writer(conn).one(StatusCode::OK, view)
        };
        app.db.read(read).await
    }

    /// Answers with everything that `list` lists, as a bare array.
    pub async fn all<T, E>(
        self,
        app: &App,
        list: impl Fn(&mut PgConnection) -> Result<Vec<T>, E> + Send + 'static,
    ) -> Result<Answer, Problem>
    where
        T: Resource,
        E: Into<Problem> + 'static,
    {
        let read = move |conn: &mut PgConnection| {
            let views = list(conn).map_err(Into::into)?;
            self.writer(conn).all(views)
        };
        app.db.read(read).await
    }

    fn writer<'a>(&'a self, conn: &'a mut PgConnection) -> Writer<'a> {
        Writer { conn, principal: self.principal.as_ref(), shape: &self.shape }
    }
}

impl FromRequest for ReadRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request, &QueryPairs::of(request)))
    }
}

impl IntoParams for ReadRequest {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = Shape::into_params(parameter_in);
        parameters.push(header("If-None-Match", "The `ETag` of what the client has: 304 if that is still so."));
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

/// The filters of a list. The `filter!` macro writes the implementation.
pub trait ListFilter: IntoParams + Sized {
    fn read(query: &mut LookupQuery) -> Self;
}

/// A request for a page of a list: filtered by `F`, ordered by `O`.
pub struct ListRequest<F, O> {
    pub filter: F,
    sort: Sort<O>,
    page: Page,
    key: Arc<MasterKey>,
    shown: ReadRequest,
}

impl<F: ListFilter, O: Ordering> ListRequest<F, O> {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let query = QueryPairs::of(request);
        let key = Arc::clone(&App::of(request)?.master_key);
        let shown = ReadRequest::of(request, &query)?;
        let sort = Sort::read(query.last("ordering").unwrap_or_default());
        let filter = filter_from_query(&query, F::read)?;
        let connection = request.connection_info();
        let url = format!("{}://{}{}", connection.scheme(), connection.host(), request.path());
        let page = Page::read(query, url, &key, &sort)?;
        Ok(Self { filter, sort, page, key, shown })
    }
}

impl<F, O: Ordering> ListRequest<F, O> {
    /// Answers with the page that `list` lists.
    pub async fn page<T, E>(
        self,
        app: &App,
        list: impl Fn(&mut PgConnection, &Self) -> Result<Slice<T>, E> + Send + 'static,
    ) -> Result<Answer, Problem>
    where
        F: Send + 'static,
        T: Resource,
        E: Into<Problem> + 'static,
    {
        let read = move |conn: &mut PgConnection| {
            let slice = list(conn, &self).map_err(Into::into)?;
            self.page.ensure_there(&slice)?;
            let is_estimated = matches!(slice.count, Some(Count::Estimated(_)));
            let answer = self.shown.writer(conn).page(self.page.envelope(&self.key, slice))?;
            if is_estimated { answer.with_header(X_COUNT, "estimated") } else { Ok(answer) }
        };
        app.db.read(read).await
    }

    /// For `paginate!`.
    pub const fn wants_count(&self) -> bool {
        self.page.wants_count()
    }

    /// For `paginate!`.
    pub fn window(&self, count: Option<Count>) -> Result<Window, Problem> {
        self.page.window(count, &self.sort)
    }
}

impl<F: ListFilter, O: Ordering> FromRequest for ListRequest<F, O> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
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

/// The filters of a list alone, for what shows all that they leave: exports.
#[derive(Debug, Clone)]
pub struct FilterRequest<F>(pub F);

impl<F: ListFilter> FromRequest for FilterRequest<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(filter_from_query(&QueryPairs::of(request), F::read).map(Self))
    }
}

impl<F: ListFilter> IntoParams for FilterRequest<F> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        F::into_params(parameter_in)
    }
}

/// A request for a change: where it comes from, what it is meant for, and under which key it may be repeated.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    pub origin: Origin,
    /// The versions that `If-Match` names.
    pub expected: Expected,
    once: Option<Once>,
    shown: ReadRequest,
}

impl WriteRequest {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Ok(Self {
            origin: Origin::of(request)?,
            expected: Expected::read(request),
            once: Once::of(request)?,
            shown: ReadRequest::of(request, &QueryPairs::of(request))?,
        })
    }

    /// Says who asks, where nobody is signed in: keys of strangers must not meet.
    #[must_use]
    pub fn asked_by(mut self, guest: &str) -> Self {
        if let Some(once) = &mut self.once {
            once.ask_as(guest);
        }
        self
    }

    /// Does `work` in one transaction, at most once for each `Idempotency-Key`, and answers with its outcome.
    pub async fn run<R, E>(
        self,
        app: &App,
        work: impl Fn(&mut PgConnection, &Self) -> Result<R, E> + Send + 'static,
    ) -> Result<Answer, Problem>
    where
        R: Outcome,
        E: Into<Problem> + 'static,
    {
        let now = self.origin.at;
        let perform = move |conn: &mut PgConnection, request: &Self| {
            let outcome = work(conn, request).map_err(Into::into)?;
            request.expected.ensure_looked_at()?;
            outcome.write(OutcomeWriter(request.shown.writer(conn)))
        };
        let Some(once) = self.once.clone() else {
            return app.db.write(move |conn| perform(conn, &self)).await;
        };
        let guard = app.in_flight.enter(&once)?;
        let key = Arc::clone(&app.master_key);
        let write = move |conn: &mut PgConnection| {
            // Twins wait outside for as long as this runs, even if the client has gone.
            let _entered = &guard;
            once.answer(conn, &key, now, |conn| perform(conn, &self))
        };
        app.db.write(write).await?
    }
}

impl FromRequest for WriteRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The finished document leaves out the one that a method has no use for.
impl IntoParams for WriteRequest {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = Shape::into_params(parameter_in);
        parameters.push(header(
            "Idempotency-Key",
            "1 to 255 visible ASCII characters: sent again within 24 hours, the request is answered as it was.",
        ));
        parameters.push(header("If-Match", "The `ETag` of what the client saw: 412 if it was changed since."));
        parameters
    }
}
