//! An error on its way to the client, and the bodies it becomes.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};
use tracing::error;
use tracing_actix_web::RequestId;

use super::ErrorTree;

/// Why a request was not served: what the client hears, and what only the log may know.
///
/// Boxed: results that carry it stay small.
#[derive(Debug)]
pub struct Problem(Box<Details>);

#[derive(Debug)]
struct Details {
    status: StatusCode,
    body: Body,
    headers: Vec<(header::HeaderName, header::HeaderValue)>,
    cause: Option<anyhow::Error>,
    is_retryable: bool,
}

#[derive(Debug, Clone)]
enum Body {
    Fields(ErrorTree),
    Detail { code: &'static str, detail: String, members: Map<String, Value> },
}

impl Problem {
    pub fn refused(status: StatusCode, code: &'static str, detail: String, members: Map<String, Value>) -> Self {
        Self::new(status, Body::Detail { code, detail, members })
    }

    fn simple(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::refused(status, code, detail.into(), Map::new())
    }

    fn new(status: StatusCode, body: Body) -> Self {
        Self(Box::new(Details { status, body, headers: Vec::new(), cause: None, is_retryable: false }))
    }

    /// 400 with the errors of each field.
    pub fn invalid(errors: ErrorTree) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Body::Fields(errors))
    }

    /// 400: the body could not be read at all.
    pub fn parse_error(detail: impl Into<String>) -> Self {
        Self::simple(StatusCode::BAD_REQUEST, "parse_error", detail)
    }

    pub fn not_found() -> Self {
        Self::simple(StatusCode::NOT_FOUND, "not_found", "Not found.")
    }

    pub fn invalid_page() -> Self {
        Self::simple(StatusCode::NOT_FOUND, "not_found", "Invalid page.")
    }

    pub fn invalid_cursor() -> Self {
        Self::simple(StatusCode::NOT_FOUND, "not_found", "Invalid cursor")
    }

    pub fn method_not_allowed(method: &str) -> Self {
        Self::simple(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", format!("Method \"{method}\" not allowed."))
    }

    /// 406: nothing that we write is what the client reads.
    pub fn not_acceptable() -> Self {
        let detail = "Could not satisfy the request Accept header.";
        Self::simple(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    }

    /// 429, in DRF's words.
    pub fn throttled(seconds: u64) -> Self {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let detail = format!("Request was throttled. Expected available in {seconds} {unit}.");
        let refused = Self::simple(StatusCode::TOO_MANY_REQUESTS, "throttled", detail);
        refused.with_header(header::RETRY_AFTER, header::HeaderValue::from(seconds))
    }

    pub fn unsupported_media_type(received: &str) -> Self {
        let detail = format!("Unsupported media type \"{received}\" in request.");
        Self::simple(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    pub fn too_large() -> Self {
        Self::simple(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", "The request body is too large.")
    }

    /// 408: the body did not arrive in time.
    pub fn too_slow() -> Self {
        Self::simple(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request body took too long to arrive.")
    }

    /// 414 or 431.
    pub fn too_long(status: StatusCode, detail: &str) -> Self {
        Self::simple(status, "request_too_large", detail)
    }

    /// 401 without credentials.
    pub fn not_authenticated() -> Self {
        Self::unauthorized("not_authenticated", "Authentication credentials were not provided.")
    }

    /// 401 with the challenge that HTTP asks for.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::simple(StatusCode::UNAUTHORIZED, code, detail)
    }

    pub fn permission_denied() -> Self {
        let detail = "You do not have permission to perform this action.";
        Self::simple(StatusCode::FORBIDDEN, "permission_denied", detail)
    }

    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::simple(StatusCode::FORBIDDEN, code, detail)
    }

    /// 403: the shop wants its staff to have one.
    pub fn second_factor_required() -> Self {
        let detail = "Set up a second factor first: the shop asks it of its staff.";
        Self::simple(StatusCode::FORBIDDEN, "second_factor_required", detail)
    }

    /// 503: come back in a second.
    pub fn unavailable(cause: anyhow::Error) -> Self {
        let mut problem = Self::simple(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable",
            "Service temporarily unavailable, try again later.",
        );
        problem.0.cause = Some(cause);
        problem.with_header(header::RETRY_AFTER, header::HeaderValue::from_static("1"))
    }

    /// 500: a bug. The client learns the request id and nothing else.
    pub fn internal(cause: anyhow::Error) -> Self {
        let mut problem = Self::simple(StatusCode::INTERNAL_SERVER_ERROR, "error", "A server error occurred.");
        problem.0.cause = Some(cause);
        problem
    }

    /// An error of code that speaks `anyhow`: the database's own keep their meaning, all others are bugs.
    pub fn from_anyhow(error: anyhow::Error) -> Self {
        error.downcast::<diesel::result::Error>().map_or_else(Self::internal, Self::from)
    }

    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.0.is_retryable = true;
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: header::HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// A second try of the same transaction may succeed.
    pub const fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// The shop says no, and will say so again: out of stock, a wrong state. Not the input, not the moment.
    pub fn is_business_refusal(&self) -> bool {
        let is_momentary = self.0.headers.iter().any(|(name, _)| *name == header::RETRY_AFTER);
        matches!(self.0.status, StatusCode::CONFLICT | StatusCode::PAYMENT_REQUIRED) && !is_momentary
    }

    /// The body, in the dialect.
    pub fn json(&self, request_id: Option<&str>) -> Value {
        match &self.0.body {
            Body::Fields(errors) => json!(errors),
            Body::Detail { code, detail, members } => {
                let mut body = Map::from_iter([("detail".to_owned(), json!(detail)), ("code".to_owned(), json!(code))]);
                body.extend(members.clone());
                if let (true, Some(id)) = (self.0.status.is_server_error(), request_id) {
                    body.insert("request_id".to_owned(), json!(id));
                }
                Value::Object(body)
            }
        }
    }

    /// The body by RFC 9457: the same, with a list of what is wrong where, by JSON pointer.
    fn details(&self, request_id: Option<&str>) -> Value {
        let status = self.0.status;
        let mut body = Map::from_iter([
            ("type".to_owned(), json!("about:blank")),
            ("title".to_owned(), json!(status.canonical_reason().unwrap_or_default())),
            ("status".to_owned(), json!(status.as_u16())),
        ]);
        match (&self.0.body, self.json(request_id)) {
            (Body::Detail { .. }, Value::Object(members)) => body.extend(members),
            (Body::Fields(errors), _) => {
                let errors = errors.pointers().into_iter().map(
                    |(pointer, message)| json!({"pointer": pointer, "code": message.code, "detail": message.text}),
                );
                body.insert("detail".to_owned(), json!("The input is wrong."));
                body.insert("code".to_owned(), json!("invalid"));
                body.insert("errors".to_owned(), errors.collect());
            }
            (Body::Detail { .. }, _) => {}
        }
        Value::Object(body)
    }

    fn response(&self, request_id: Option<&str>, as_details: bool) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.status);
        for (name, value) in &self.0.headers {
            response.append_header((name.clone(), value.clone()));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"api\""));
        }
        if as_details {
            response.content_type("application/problem+json").body(self.details(request_id).to_string())
        } else {
            response.json(self.json(request_id))
        }
    }
}

/// In a request's extensions: errors are wanted as `application/problem+json`.
#[derive(Debug, Clone, Copy)]
pub struct AsProblemDetails;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.body, &self.0.cause) {
            (_, Some(cause)) => write!(f, "{cause:#}"),
            (Body::Detail { detail, .. }, None) => f.write_str(detail),
            (Body::Fields(_), None) => write!(f, "{}", self.json(None)),
        }
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response(None, false)
    }
}

/// Middleware: gives every problem its final body, and logs those that are ours, once.
///
/// Errors of actix-web itself (a panic in a block, a payload that broke off) are told in the dialect too.
pub async fn render_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // No clone of the request may live while it is routed: routing needs it for itself.
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(error) = response.response().error() else {
        return Ok(response);
    };
    let as_details = response.request().extensions().get::<AsProblemDetails>().is_some();
    let render = |problem: &Problem| {
        log_server_error(problem, request_id.as_deref());
        problem.response(request_id.as_deref(), as_details)
    };
    let mut rendered = match error.as_error::<Problem>() {
        Some(problem) => render(problem),
        None => render(&problem_of_actix(error)),
    };
    let (request, refused) = response.into_parts();
    // What was said on the way out is said of this answer, too.
    for (name, value) in refused.headers() {
        if !rendered.headers().contains_key(name) {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(request, rendered))
}

fn problem_of_actix(error: &actix_web::Error) -> Problem {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        StatusCode::NOT_FOUND => Problem::not_found(),
        status if status.is_client_error() => Problem::simple(status, "invalid_request", error.to_string()),
        _ => Problem::internal(anyhow::anyhow!("{error}")),
    }
}

fn log_server_error(problem: &Problem, request_id: Option<&str>) {
    if problem.0.status.is_server_error() {
        error!(request.id = request_id, "Request failed: {problem}");
    }
}
