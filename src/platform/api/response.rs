//! API responses: resources as JSON, with the requested field selection, status and headers.

use std::time::SystemTime;

use actix_web::body::BoxBody;
use actix_web::http::header::{
    self, EntityTag, Header, HeaderName, HeaderValue, HttpDate, IfModifiedSince, LastModified,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use serde_json::Value;

use super::conditions::{entity_tag, is_fresh};
use super::expansion::expand;
use super::field_selection::FieldSelection;
use super::lists::Paged;
use super::resource::Resource;
use crate::platform::auth::Principal;
use crate::platform::error::Problem;

/// Result of a handler.
pub type ApiResult = Result<ApiResponse, Problem>;

/// A complete response, which does not depend on the database connection any longer.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Headers with secrets. A stored response contains them encrypted.
    pub(super) secret_headers: Vec<(HeaderName, HeaderValue)>,
    /// True if the body contains a secret. A stored response contains it encrypted.
    pub(super) is_confidential: bool,
    /// None for a response without content.
    pub(super) body: Option<Vec<u8>>,
    last_modified: Option<DateTime<Utc>>,
}

impl ApiResponse {
    pub(super) fn new(status: StatusCode, body: Option<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            is_confidential: false,
            body,
            last_modified: None,
        }
    }

    /// Creates a 200 response from serialized JSON.
    pub fn from_json_bytes(body: Vec<u8>) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, Some(body)).with_etag(None)
    }

    fn with_etag(self, version: Option<i32>) -> Result<Self, Problem> {
        let tag = entity_tag(version, self.body.as_deref().unwrap_or_default());
        self.with_header(header::ETAG, &tag.to_string())
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: &str) -> Result<Self, Problem> {
        let value = HeaderValue::from_str(value).map_err(|error| Problem::internal(error.into()))?;
        self.headers.push((name, value));
        Ok(self)
    }

    fn etag(&self) -> Option<EntityTag> {
        let (_, tag) = self.headers.iter().find(|(name, _)| *name == header::ETAG)?;
        tag.to_str().ok()?.parse().ok()
    }

    /// Returns true if the client's copy is current. `If-Modified-Since` counts only without `If-None-Match` (RFC 9110,
    /// section 13.2.2).
    fn is_not_modified(&self, request: &HttpRequest) -> bool {
        if request.method() != Method::GET || self.status != StatusCode::OK {
            return false;
        }
        if request.headers().contains_key(header::IF_NONE_MATCH) {
            return self.etag().is_some_and(|tag| is_fresh(request, &tag));
        }
        let Some(modified) = self.last_modified else { return false };
        // HTTP dates have whole seconds.
        let is_older =
            |since: HttpDate| modified.timestamp() <= DateTime::<Utc>::from(SystemTime::from(since)).timestamp();
        IfModifiedSince::parse(request).is_ok_and(|IfModifiedSince(since)| is_older(since))
    }
}

impl Responder for ApiResponse {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let is_not_modified = self.is_not_modified(request);
        let status = if is_not_modified { StatusCode::NOT_MODIFIED } else { self.status };
        let mut response = HttpResponse::build(status);
        for header in self.headers.into_iter().chain(self.secret_headers) {
            response.append_header(header);
        }
        if let Some(modified) = self.last_modified {
            response.insert_header(LastModified(SystemTime::from(modified).into()));
        }
        match self.body {
            Some(body) if !is_not_modified => response.content_type("application/json").body(body),
            _ => response.finish(),
        }
    }
}

/// Serializes resources with the field selection of a request.
pub(super) struct ResponseBuilder<'a> {
    pub conn: &'a mut PgConnection,
    pub principal: Option<&'a Principal>,
    pub field_selection: &'a FieldSelection,
}

impl ResponseBuilder<'_> {
    pub fn one<T: Resource>(self, status: StatusCode, mut view: T) -> Result<ApiResponse, Problem> {
        let field_selection = self.field_selection;
        view.redact(self.principal);
        let body = if field_selection.is_empty() {
            serde_json::to_vec(&view)
        } else {
            let mut value = to_value(&view)?;
            self.apply::<T>(&mut [&mut value])?;
            serde_json::to_vec(&value)
        };
        let mut response = ApiResponse::new(status, Some(body.map_err(internal)?)).with_etag(view.version())?;
        // An expanded resource can change while its parent stays unchanged.
        response.last_modified = view.last_modified().filter(|_| !field_selection.expands());
        Ok(response)
    }

    pub fn all<T: Resource>(self, mut views: Vec<T>) -> Result<ApiResponse, Problem> {
        views.iter_mut().for_each(|view| view.redact(self.principal));
        let body = if self.field_selection.is_empty() {
            serde_json::to_vec(&views)
        } else {
            serde_json::to_vec(&self.select(&views)?)
        };
        ApiResponse::new(StatusCode::OK, Some(body.map_err(internal)?)).with_etag(None)
    }

    pub fn page<T: Resource>(self, mut page: Paged<T>) -> Result<ApiResponse, Problem> {
        page.results.iter_mut().for_each(|view| view.redact(self.principal));
        let body = if self.field_selection.is_empty() {
            serde_json::to_vec(&page)
        } else {
            let Paged { count, next, previous, results } = page;
            serde_json::to_vec(&Paged { count, next, previous, results: self.select(&results)? })
        };
        ApiResponse::new(StatusCode::OK, Some(body.map_err(internal)?)).with_etag(None)
    }

    fn select<T: Resource>(self, views: &[T]) -> Result<Vec<Value>, Problem> {
        let mut values = views.iter().map(to_value).collect::<Result<Vec<_>, _>>()?;
        self.apply::<T>(&mut values.iter_mut().collect::<Vec<_>>())?;
        Ok(values)
    }

    fn apply<T: Resource>(self, values: &mut [&mut Value]) -> Result<(), Problem> {
        expand(self.conn, self.principal, values, T::RELATIONS, &self.field_selection.expand)?;
        values.iter_mut().for_each(|value| self.field_selection.apply(value));
        Ok(())
    }
}

fn to_value<T: Serialize>(view: &T) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(internal)
}

fn internal(error: serde_json::Error) -> Problem {
    Problem::internal(error.into())
}

/// The result of a write that becomes a response.
pub trait IntoApiResponse {
    #[doc(hidden)]
    fn into_api_response(self, writer: ResponseWriter<'_>) -> Result<ApiResponse, Problem>;
}

/// Public wrapper that keeps [`ResponseBuilder`] private to the API layer.
pub struct ResponseWriter<'a>(pub(super) ResponseBuilder<'a>);

/// 201 with the new resource and its URL in `Location`.
#[derive(Debug)]
pub struct Created<T> {
    location: String,
    secret_header: Option<(HeaderName, HeaderValue)>,
    is_confidential: bool,
    view: T,
}

impl<T> Created<T> {
    /// `location` is the path of the new resource.
    pub const fn at(location: String, view: T) -> Self {
        Self { location, secret_header: None, is_confidential: false, view }
    }

    /// Adds a header with a secret that no later response contains.
    #[must_use]
    pub fn with_secret_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.secret_header = Some((name, value));
        self
    }

    /// Marks the body as secret: no later response contains its secret.
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.is_confidential = true;
        self
    }
}

impl<T: Resource> IntoApiResponse for Created<T> {
    fn into_api_response(self, writer: ResponseWriter<'_>) -> Result<ApiResponse, Problem> {
        let response = writer.0.one(StatusCode::CREATED, self.view)?;
        let mut response = response.with_header(header::LOCATION, &self.location)?;
        response.secret_headers.extend(self.secret_header);
        response.is_confidential = self.is_confidential;
        Ok(response)
    }
}

/// 202 with the accepted task and its URL in `Location`.
#[derive(Debug)]
pub struct Accepted<T> {
    location: String,
    view: T,
}

impl<T> Accepted<T> {
    /// `location` is the path of the accepted task.
    pub const fn at(location: String, view: T) -> Self {
        Self { location, view }
    }
}

impl<T: Resource> IntoApiResponse for Accepted<T> {
    fn into_api_response(self, writer: ResponseWriter<'_>) -> Result<ApiResponse, Problem> {
        writer.0.one(StatusCode::ACCEPTED, self.view)?.with_header(header::LOCATION, &self.location)
    }
}

/// 200 with the updated resource.
#[derive(Debug)]
pub struct Updated<T>(pub T);

impl<T: Resource> IntoApiResponse for Updated<T> {
    fn into_api_response(self, writer: ResponseWriter<'_>) -> Result<ApiResponse, Problem> {
        writer.0.one(StatusCode::OK, self.0)
    }
}

/// 204 without content.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl IntoApiResponse for NoContent {
    fn into_api_response(self, _: ResponseWriter<'_>) -> Result<ApiResponse, Problem> {
        Ok(ApiResponse::new(StatusCode::NO_CONTENT, None))
    }
}
