//! Answers: things as JSON, in the shape that was asked for, with what HTTP says about them.

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use serde_json::Value;

use super::conditions::{entity_tag, is_fresh};
use super::expansion::{Relation, expand};
use super::lists::Paged;
use super::shape::Shape;
use crate::platform::auth::Principal;
use crate::platform::error::Problem;

/// A kind of thing that the API shows.
pub trait Resource: Serialize {
    /// What can stand in full in place of its key.
    const RELATIONS: &'static [Relation] = &[];

    /// Of its row, for `If-Match`: grows with every change. None where nobody changes it.
    fn version(&self) -> Option<i32> {
        None
    }

    /// Takes out what only others may see. Members that can be taken out are left out of the JSON, not null.
    fn conceal(&mut self, _principal: Option<&Principal>) {}

    /// When it last changed, where all that is shown of it changes with its row.
    fn last_modified(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// A complete answer: what it says is settled, whatever becomes of the connection to the client.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Secrets of whoever asked: sealed where the answer is kept.
    pub(super) secret_headers: Vec<(HeaderName, HeaderValue)>,
    /// The body itself tells a secret, and is sealed where the answer is kept.
    pub(super) is_confidential: bool,
    /// None: no content.
    pub(super) body: Option<Vec<u8>>,
    last_modified: Option<DateTime<Utc>>,
}

impl Answer {
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

    /// 200 with JSON that was written elsewhere.
    pub fn of_json(body: Vec<u8>) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, Some(body)).tagged(None)
    }

    fn tagged(self, version: Option<i32>) -> Result<Self, Problem> {
        let tag = entity_tag(version, self.body.as_deref().unwrap_or_default());
        self.with_header(header::ETAG, &tag)
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: &str) -> Result<Self, Problem> {
        let value = HeaderValue::from_str(value).map_err(|error| Problem::internal(error.into()))?;
        self.headers.push((name, value));
        Ok(self)
    }

    fn tag(&self) -> Option<&str> {
        let tag = self.headers.iter().find(|(name, _)| *name == header::ETAG)?;
        tag.1.to_str().ok()
    }

    /// Whether the client has this already (RFC 9110, section 13.2.2: dates count only where there are no tags).
    fn is_known_to(&self, request: &HttpRequest) -> bool {
        if request.method() != Method::GET || self.status != StatusCode::OK {
            return false;
        }
        if request.headers().contains_key(header::IF_NONE_MATCH) {
            return self.tag().is_some_and(|tag| is_fresh(request, tag));
        }
        let since = request.headers().get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        let since = since.and_then(|since| DateTime::parse_from_rfc2822(since).ok());
        since.zip(self.last_modified).is_some_and(|(since, modified)| modified.timestamp() <= since.timestamp())
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let is_known = self.is_known_to(request);
        let mut response = HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { self.status });
        for header in self.headers.into_iter().chain(self.secret_headers) {
            response.append_header(header);
        }
        if let Some(modified) = self.last_modified {
            response.insert_header((header::LAST_MODIFIED, modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        }
        match self.body {
            Some(body) if !is_known => response.content_type("application/json").body(body),
            _ => response.finish(),
        }
    }
}

/// Writes things as JSON in a request's shape.
pub(super) struct Writer<'a> {
    pub conn: &'a mut PgConnection,
    pub principal: Option<&'a Principal>,
    pub shape: &'a Shape,
}

impl Writer<'_> {
    pub fn one<T: Resource>(self, status: StatusCode, mut view: T) -> Result<Answer, Problem> {
        let shape = self.shape;
        view.conceal(self.principal);
        let body = if shape.is_plain() {
            serde_json::to_vec(&view)
        } else {
            let mut value = to_value(&view)?;
            self.fit::<T>(&mut [&mut value])?;
            serde_json::to_vec(&value)
        };
        let mut answer = Answer::new(status, Some(body.map_err(internal)?)).tagged(view.version())?;
        // Others that are shown within it change without it.
        answer.last_modified = view.last_modified().filter(|_| !shape.expands());
        Ok(answer)
    }

    pub fn all<T: Resource>(self, mut views: Vec<T>) -> Result<Answer, Problem> {
        views.iter_mut().for_each(|view| view.conceal(self.principal));
        let body =
            if self.shape.is_plain() { serde_json::to_vec(&views) } else { serde_json::to_vec(&self.fitted(&views)?) };
        Answer::new(StatusCode::OK, Some(body.map_err(internal)?)).tagged(None)
    }

    pub fn page<T: Resource>(self, mut page: Paged<T>) -> Result<Answer, Problem> {
        page.results.iter_mut().for_each(|view| view.conceal(self.principal));
        let body = if self.shape.is_plain() {
            serde_json::to_vec(&page)
        } else {
            let Paged { count, next, previous, results } = page;
            serde_json::to_vec(&Paged { count, next, previous, results: self.fitted(&results)? })
        };
        Answer::new(StatusCode::OK, Some(body.map_err(internal)?)).tagged(None)
    }

    fn fitted<T: Resource>(self, views: &[T]) -> Result<Vec<Value>, Problem> {
        let mut values = views.iter().map(to_value).collect::<Result<Vec<_>, _>>()?;
        self.fit::<T>(&mut values.iter_mut().collect::<Vec<_>>())?;
        Ok(values)
    }

    fn fit<T: Resource>(self, values: &mut [&mut Value]) -> Result<(), Problem> {
        expand(self.conn, self.principal, values, T::RELATIONS, &self.shape.expand)?;
        values.iter_mut().for_each(|value| self.shape.cut(value));
        Ok(())
    }
}

fn to_value<T: Serialize>(view: &T) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(internal)
}

fn internal(error: serde_json::Error) -> Problem {
    Problem::internal(error.into())
}

/// What a change has led to.
pub trait Outcome {
    #[doc(hidden)]
    fn write(self, writer: OutcomeWriter<'_>) -> Result<Answer, Problem>;
}

/// Hides how outcomes are written from those who name them.
pub struct OutcomeWriter<'a>(pub(super) Writer<'a>);

/// 201 with the new thing, and where it is.
#[derive(Debug)]
pub struct Created<T> {
    location: String,
    secret_header: Option<(HeaderName, HeaderValue)>,
    is_confidential: bool,
    view: T,
}

impl<T> Created<T> {
    /// `location` is the path of the new thing.
    pub const fn at(location: String, view: T) -> Self {
        Self { location, secret_header: None, is_confidential: false, view }
    }

    /// Tells a secret that is not to be found anywhere later.
    #[must_use]
    pub fn with_secret(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.secret_header = Some((name, value));
        self
    }

    /// What is told of it now is not to be found anywhere later.
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.is_confidential = true;
        self
    }
}

impl<T: Resource> Outcome for Created<T> {
    fn write(self, writer: OutcomeWriter<'_>) -> Result<Answer, Problem> {
        let answer = writer.0.one(StatusCode::CREATED, self.view)?;
        let mut answer = answer.with_header(header::LOCATION, &self.location)?;
        answer.secret_headers.extend(self.secret_header);
        answer.is_confidential = self.is_confidential;
        Ok(answer)
    }
}

/// 202 with what is being made, and where it can be looked at.
#[derive(Debug)]
pub struct Accepted<T> {
    location: String,
    view: T,
}

impl<T> Accepted<T> {
    /// `location` is the path of what is being made.
    pub const fn at(location: String, view: T) -> Self {
        Self { location, view }
    }
}

impl<T: Resource> Outcome for Accepted<T> {
    fn write(self, writer: OutcomeWriter<'_>) -> Result<Answer, Problem> {
        writer.0.one(StatusCode::ACCEPTED, self.view)?.with_header(header::LOCATION, &self.location)
    }
}

/// 200 with the thing as it is now.
#[derive(Debug)]
pub struct Changed<T>(pub T);

impl<T: Resource> Outcome for Changed<T> {
    fn write(self, writer: OutcomeWriter<'_>) -> Result<Answer, Problem> {
        writer.0.one(StatusCode::OK, self.0)
    }
}

/// 204: it is no more.
#[derive(Debug, Clone, Copy)]
pub struct Gone;

impl Outcome for Gone {
    fn write(self, _: OutcomeWriter<'_>) -> Result<Answer, Problem> {
        Ok(Answer::new(StatusCode::NO_CONTENT, None))
    }
}
