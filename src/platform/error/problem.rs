//! HTTP error responses: status, body and headers, in the format of DRF or RFC 9457.

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

/// Error response: the part that the client receives, and the cause that only the log contains.
///
/// Boxed, so that a `Result` with this error stays small.
#[derive(Debug)]
pub struct Problem(Box<ProblemParts>);

#[derive(Debug)]
struct ProblemParts {
    status: StatusCode,
    body: ProblemBody,
    headers: Vec<(header::HeaderName, header::HeaderValue)>,
    cause: Option<anyhow::Error>,
    is_retryable: bool,
    commits: bool,
}

#[derive(Debug, Clone)]
enum ProblemBody {
    Fields(ErrorTree),
    Detail { code: &'static str, detail: String, members: Map<String, Value> },
}

impl Problem {
    pub fn rejected(status: StatusCode, code: &'static str, detail: String, members: Map<String, Value>) -> Self {
        Self::new(status, ProblemBody::Detail { code, detail, members })
    }

    fn simple(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::rejected(status, code, detail.into(), Map::new())
    }

    fn new(status: StatusCode, body: ProblemBody) -> Self {
        Self(Box::new(ProblemParts {
            status,
            body,
            headers: Vec::new(),
            cause: None,
            is_retryable: false,
            commits: false,
        }))
    }

    /// 400: validation errors by field.
    pub fn invalid(errors: ErrorTree) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ProblemBody::Fields(errors))
    }

    /// 400: the body cannot be parsed.
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

    /// 406: the client accepts none of the media types of the API.
    pub fn not_acceptable() -> Self {
        let detail = "Could not satisfy the request Accept header.";
        Self::simple(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    }

    /// 429, with the message of DRF.
    pub fn throttled(seconds: u64) -> Self {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let detail = format!("Request was throttled. Expected available in {seconds} {unit}.");
        let problem = Self::simple(StatusCode::TOO_MANY_REQUESTS, "throttled", detail);
        problem.with_header(header::RETRY_AFTER, header::HeaderValue::from(seconds))
    }

    pub fn unsupported_media_type(received: &str) -> Self {
        let detail = format!("Unsupported media type \"{received}\" in request.");
        Self::simple(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    pub fn too_large() -> Self {
        Self::simple(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", "The request body is too large.")
    }

    /// 408: the body did not arrive in time.
    pub fn request_timeout() -> Self {
        Self::simple(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request body took too long to arrive.")
    }

    /// 414 or 431: the URL or the headers are too large.
    pub fn head_too_large(status: StatusCode, detail: &str) -> Self {
        Self::simple(status, "request_too_large", detail)
    }

    /// 401 without credentials.
    pub fn not_authenticated() -> Self {
        Self::unauthorized("not_authenticated", "Authentication credentials were not provided.")
    }

    /// 401 with the `WWW-Authenticate` challenge that HTTP requires.
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

    /// 403: the shop requires a second factor for staff members, and this one has none.
    pub fn second_factor_required() -> Self {
        let detail = "Set up a second factor first: this shop requires one for its staff.";
        Self::simple(StatusCode::FORBIDDEN, "second_factor_required", detail)
    }

    /// 503: the client can retry after a second.
    pub fn unavailable(cause: anyhow::Error) -> Self {
        let mut problem = Self::simple(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable",
            "Service temporarily unavailable, try again later.",
        );
        problem.0.cause = Some(cause);
        problem.with_header(header::RETRY_AFTER, header::HeaderValue::from_static("1"))
    }

    /// 500: a bug. The response reveals only the request id.
    pub fn internal(cause: anyhow::Error) -> Self {
        let mut problem = Self::simple(StatusCode::INTERNAL_SERVER_ERROR, "error", "A server error occurred.");
        problem.0.cause = Some(cause);
        problem
    }

    /// Converts an `anyhow` error. Database errors keep their meaning, all other errors become 500.
    pub fn from_anyhow(error: anyhow::Error) -> Self {
        error.downcast::<diesel::result::Error>().map_or_else(Self::internal, Self::from)
    }

    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.0.is_retryable = true;
        self
    }

    /// Commits what the transaction has written, although it ends with this error.
    #[must_use]
    pub fn and_commit(mut self) -> Self {
        self.0.commits = true;
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

    /// Returns true if the transaction that ends with this error commits.
    pub const fn commits(&self) -> bool {
        self.0.commits
    }

    /// Returns true if the same transaction can succeed when it is retried.
    pub const fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// Returns true if a business rule rejects the request, such as "out of stock" or a state that forbids the change.
    ///
    /// Such a response is stored for the idempotency key. Validation errors and temporary errors are not.
    pub fn is_business_rejection(&self) -> bool {
        let is_temporary = self.0.headers.iter().any(|(name, _)| *name == header::RETRY_AFTER);
        matches!(self.0.status, StatusCode::CONFLICT | StatusCode::PAYMENT_REQUIRED) && !is_temporary
    }

    /// Returns the body in the format of Django REST framework.
    pub fn json(&self, request_id: Option<&str>) -> Value {
        match &self.0.body {
            ProblemBody::Fields(errors) => json!(errors),
            ProblemBody::Detail { code, detail, members } => {
                let mut body = Map::from_iter([("detail".to_owned(), json!(detail)), ("code".to_owned(), json!(code))]);
                body.extend(members.clone());
                if let (true, Some(id)) = (self.0.status.is_server_error(), request_id) {
                    body.insert("request_id".to_owned(), json!(id));
                }
                Value::Object(body)
            }
        }
    }

    /// Returns the body by RFC 9457. It lists validation errors by JSON pointer.
    fn problem_details(&self, request_id: Option<&str>) -> Value {
        let status = self.0.status;
        let mut body = Map::from_iter([
            ("type".to_owned(), json!("about:blank")),
            ("title".to_owned(), json!(status.canonical_reason().unwrap_or_default())),
            ("status".to_owned(), json!(status.as_u16())),
        ]);
        match (&self.0.body, self.json(request_id)) {
            (ProblemBody::Detail { .. }, Value::Object(members)) => body.extend(members),
            (ProblemBody::Fields(errors), _) => {
                let errors = errors.pointers().into_iter().map(
                    |(pointer, message)| json!({"pointer": pointer, "code": message.code, "detail": message.text}),
                );
                body.insert("detail".to_owned(), json!("Validation failed."));
                body.insert("code".to_owned(), json!("invalid"));
                body.insert("errors".to_owned(), errors.collect());
            }
            (ProblemBody::Detail { .. }, _) => {}
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
            response.content_type("application/problem+json").body(self.problem_details(request_id).to_string())
        } else {
            response.json(self.json(request_id))
        }
    }
}

/// Marker in the request's extensions: the client wants errors as `application/problem+json`.
#[derive(Debug, Clone, Copy)]
pub struct WantsProblemDetails;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.body, &self.0.cause) {
            (_, Some(cause)) => write!(f, "{cause:#}"),
            (ProblemBody::Detail { detail, .. }, None) => f.write_str(detail),
            (ProblemBody::Fields(_), None) => write!(f, "{}", self.json(None)),
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

/// Middleware that renders the final body of every error and logs each server error once.
///
/// It also converts errors of actix-web itself, such as a panic in a blocking task or an incomplete payload.
pub async fn render_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // Do not keep a clone of the request here: routing requires exclusive access to it.
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(error) = response.response().error() else {
        return Ok(response);
    };
    let as_details = response.request().extensions().get::<WantsProblemDetails>().is_some();
    let render = |problem: &Problem| {
        log_server_error(problem, request_id.as_deref());
        problem.response(request_id.as_deref(), as_details)
    };
    let mut rendered = match error.as_error::<Problem>() {
        Some(problem) => render(problem),
        None => render(&problem_from_actix(error)),
    };
    let (request, original) = response.into_parts();
    // Inner middleware has already added headers. The rendered response keeps them.
    for (name, value) in original.headers() {
        if !rendered.headers().contains_key(name) {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(request, rendered))
}

fn problem_from_actix(error: &actix_web::Error) -> Problem {
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
