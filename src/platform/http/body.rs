//! Request bodies: the server reads every field and reports all validation errors together.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::{Map, Value};

use super::form::{from_form, multipart_fields, urlencoded_fields};
use super::from_json::{FromJson, python_type_name};
use super::strict_json::strict_json;
use crate::platform::error::{ErrorTree, Problem};

/// Type that is read from the members of a JSON object. The `request_body` attribute implements it.
pub trait FromObject: Sized {
    fn from_object(members: &mut Members) -> Option<Self>;
}

/// Members of a JSON object that have not been read yet, and the validation errors so far.
#[derive(Debug, Default)]
pub struct Members {
    values: Map<String, Value>,
    errors: BTreeMap<String, ErrorTree>,
}

impl Members {
    pub fn new(values: Map<String, Value>) -> Self {
        Self { values, errors: BTreeMap::new() }
    }

    /// Reads a member. Returns `None` and records the error if the member is invalid.
    pub fn take<T: FromJson>(&mut self, name: &str) -> Option<T> {
        let result = match self.values.remove(name) {
            None => T::from_absent(),
            Some(Value::Null) => T::from_null(),
            Some(value) => T::from_json(value),
        };
        result.map_err(|tree| self.errors.insert(name.to_owned(), tree)).ok()
    }

    /// Reads a member like [`Members::take`], for a PATCH: an `Option` can be absent, but only a
    /// [`Field`](super::Field) can be null.
    pub fn take_for_patch<T: FromJson>(&mut self, name: &str) -> Option<T> {
        if self.values.get(name) != Some(&Value::Null) {
            return self.take(name);
        }
        T::from_patch_null().map_err(|tree| self.errors.insert(name.to_owned(), tree)).ok()
    }

    /// Records an error that a rule beyond the member's own type has found.
    pub fn add_error(&mut self, name: &str, tree: ErrorTree) {
        self.errors.insert(name.to_owned(), tree);
    }

    /// Returns the value, or all recorded errors.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, ErrorTree> {
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(ErrorTree::Members(self.errors)),
        }
    }
}

/// Reads `T` from a JSON object. Any other JSON value is an error.
pub fn object_from_json<T: FromObject>(value: Value) -> Result<T, ErrorTree> {
    match value {
        Value::Object(values) => {
            let mut members = Members::new(values);
            let read = T::from_object(&mut members);
            members.finish(read)
        }
        other => {
            let text = format!("Invalid data. Expected a dictionary, but got {}.", python_type_name(&other));
            Err(ErrorTree::non_field("invalid", text))
        }
    }
}

/// Maximum time until a body has arrived. A slower client would occupy a place that other clients need.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the whole body, decompressed. Fails if it arrives too slowly or is too large.
pub fn read_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<web::Bytes, actix_web::Error>> + use<> {
    let bytes = web::Bytes::from_request(request, payload);
    async move { tokio::time::timeout(BODY_TIMEOUT, bytes).await.map_err(|_| Problem::request_timeout())? }
}

/// Request body of type `T`, sent as JSON, form or multipart. An empty body counts as `{}`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: FromJson + 'static> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = BodyMediaType::from_request(request);
        let headers = request.headers().clone();
        let bytes = read_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.is_empty() {
                return Ok(Self(T::from_json(Value::Object(Map::new())).map_err(Problem::invalid)?));
            }
            let read = match media_type? {
                BodyMediaType::Json => from_json_bytes(&bytes)?,
                BodyMediaType::Form => from_form(urlencoded_fields(&bytes)?)?,
                BodyMediaType::Multipart => from_form(multipart_fields(&headers, bytes).await?)?,
            };
            Ok(Self(read))
        })
    }
}

fn from_json_bytes<T: FromJson>(bytes: &[u8]) -> Result<T, Problem> {
    let value = strict_json(bytes).map_err(|error| Problem::parse_error(format!("JSON parse error - {error}")))?;
    if value.is_null() {
        return Err(Problem::invalid(ErrorTree::non_field("null", "No data provided")));
    }
    T::from_json(value).map_err(Problem::invalid)
}

/// Media type of a request body.
enum BodyMediaType {
    Json,
    Form,
    Multipart,
}

impl BodyMediaType {
    fn from_request(request: &HttpRequest) -> Result<Self, Problem> {
        let received = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let received = received.unwrap_or_default();
        let unsupported = || Problem::unsupported_media_type(received);
        let mut parts = received.split(';').map(|part| part.trim().to_ascii_lowercase());
        let essence = parts.next().unwrap_or_default();
        // The server supports UTF-8 only, like every current HTTP client.
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
