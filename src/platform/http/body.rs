//! Request bodies: every field is read, all errors are told at once.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::{Map, Value};

use super::form::{form_pairs, from_form, multipart_pairs};
use super::from_json::{FromJson, python_type};
use super::strict_json::strict_json;
use crate::platform::error::{ErrorTree, Problem};

/// A type that is read from the members of a JSON object. The `body!` macro writes the implementation.
pub trait FromObject: Sized {
    fn from_object(members: &mut Members) -> Option<Self>;
}

/// The members of an object while they are read, and what is wrong with them so far.
#[derive(Debug, Default)]
pub struct Members {
    values: Map<String, Value>,
    errors: BTreeMap<String, ErrorTree>,
}

impl Members {
    pub fn new(values: Map<String, Value>) -> Self {
        Self { values, errors: BTreeMap::new() }
    }

    /// The member of this name; none where it is wrong, and then the reason is noted.
    pub fn take<T: FromJson>(&mut self, name: &str) -> Option<T> {
        let result = match self.values.remove(name) {
            None => T::from_absent(),
            Some(Value::Null) => T::from_null(),
            Some(value) => T::from_json(value),
        };
        result.map_err(|tree| self.errors.insert(name.to_owned(), tree)).ok()
    }

    /// [`Members::take`] for a PATCH: an `Option` may be absent, but only a [`Field`](super::Field) may be null.
    pub fn take_sent<T: FromJson>(&mut self, name: &str) -> Option<T> {
        if self.values.get(name) != Some(&Value::Null) {
            return self.take(name);
        }
        T::from_sent_null().map_err(|tree| self.errors.insert(name.to_owned(), tree)).ok()
    }

    /// Notes something that is wrong with the object beyond its single members.
    pub fn refuse(&mut self, name: &str, tree: ErrorTree) {
        self.errors.insert(name.to_owned(), tree);
    }

    /// What was read, or all that is wrong.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, ErrorTree> {
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(ErrorTree::Members(self.errors)),
        }
    }
}

/// Reads `T` from a JSON value that must be an object.
pub fn object_from_json<T: FromObject>(value: Value) -> Result<T, ErrorTree> {
    match value {
        Value::Object(values) => {
            let mut members = Members::new(values);
            let read = T::from_object(&mut members);
            members.finish(read)
        }
        other => {
            let text = format!("Invalid data. Expected a dictionary, but got {}.", python_type(&other));
            Err(ErrorTree::of_object("invalid", text))
        }
    }
}

/// Defines a request body: a plain struct, documented by `ToSchema`, that reads itself from an object.
///
/// `Option<T>` may be absent or null, [`Field<T>`](super::Field) tells the two apart, anything else is required.
macro_rules! body {
    ($(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $crate::platform::http::body!(@read take, $(#[$meta])* pub struct $name { $($fields)* });
    };
    (
        @read $take:ident,
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$doc:meta])* pub $field:ident : $type:ty ),* $(,)? }
    ) => {
        #[derive(utoipa::ToSchema)]
        $(#[$meta])*
        pub struct $name { $( $(#[$doc])* pub $field: $type ),* }

        impl $crate::platform::http::FromObject for $name {
            fn from_object(members: &mut $crate::platform::http::Members) -> Option<Self> {
                $( let $field = members.$take(stringify!($field)); )*
                Some(Self { $( $field: $field? ),* })
            }
        }

        impl $crate::platform::http::FromJson for $name {
            fn from_json(value: serde_json::Value) -> Result<Self, $crate::platform::error::ErrorTree> {
                $crate::platform::http::object_from_json(value)
            }
        }
    };
}

/// Defines the body of a PATCH: like `body!`, but an `Option<T>` that is null is an error.
macro_rules! patch_body {
    ($($definition:tt)*) => {
        $crate::platform::http::body!(@read take_sent, $($definition)*);
    };
}

pub(crate) use body;
pub(crate) use patch_body;

/// A body that takes longer than this to arrive keeps a place that others need.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, unpacked, if it comes in time and is not too large.
pub fn read_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<web::Bytes, actix_web::Error>> + use<> {
    let bytes = web::Bytes::from_request(request, payload);
    async move { tokio::time::timeout(PATIENCE, bytes).await.map_err(|_| Problem::too_slow())? }
}

/// The body of a request, as JSON, as a form or as multipart, read as `T`. An empty body counts as `{}`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: FromJson + 'static> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = BodyKind::of(request);
        let headers = request.headers().clone();
        let bytes = read_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.is_empty() {
                return Ok(Self(T::from_json(Value::Object(Map::new())).map_err(Problem::invalid)?));
            }
            let read = match kind? {
                BodyKind::Json => from_json_bytes(&bytes)?,
                BodyKind::Form => from_form(form_pairs(&bytes)?)?,
                BodyKind::Multipart => from_form(multipart_pairs(&headers, bytes).await?)?,
            };
            Ok(Self(read))
        })
    }
}

fn from_json_bytes<T: FromJson>(bytes: &[u8]) -> Result<T, Problem> {
    let value = strict_json(bytes).map_err(|error| Problem::parse_error(format!("JSON parse error - {error}")))?;
    if value.is_null() {
        return Err(Problem::invalid(ErrorTree::of_object("null", "No data provided")));
    }
    T::from_json(value).map_err(Problem::invalid)
}

/// How a body is written.
enum BodyKind {
    Json,
    Form,
    Multipart,
}

impl BodyKind {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let received = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let received = received.unwrap_or_default();
        let unsupported = || Problem::unsupported_media_type(received);
        let mut parts = received.split(';').map(|part| part.trim().to_ascii_lowercase());
        let essence = parts.next().unwrap_or_default();
        // Other charsets are nobody's need, and some of Python's are decompressors.
        let charset =
            parts.find_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()));
        if charset.is_some_and(|name| !matches!(name.as_str(), "utf-8" | "utf8" | "us-ascii")) {
            return Err(unsupported());
        }
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "multipart/form-data" => Ok(Self::Multipart),
            "application/json" => Ok(Self::Json),
            other if other.starts_with("application/") && other.ends_with("+json") => Ok(Self::Json),
            _ => Err(unsupported()),
        }
    }
}
