//! Registry of error codes: `docs/errors.md` is generated from it.

/// Code of error responses, with its meaning and remedy for integrators.
///
/// Each domain lists its own codes. A house test compares the lists with the codes that the sources use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// Value of `code` in the body. Clients compare it, so it never changes.
    pub code: &'static str,
    /// HTTP status codes of the responses with this code.
    pub statuses: &'static [u16],
    pub meaning: &'static str,
    pub remedy: &'static str,
}

impl ErrorCode {
    pub const fn new(
        code: &'static str,
        statuses: &'static [u16],
        meaning: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self { code, statuses, meaning, remedy }
    }
}

/// Codes that any endpoint can return.
pub const ERROR_CODES: &[ErrorCode] = &[
    ErrorCode::new(
        "bad_authorization_header",
        &[401],
        "The `Authorization` header has a known scheme, but not exactly one token.",
        "Send `Authorization: Bearer <token>`.",
    ),
    ErrorCode::new(
        "csrf_failed",
        &[403],
        "A write with the session cookie has no valid CSRF token, or comes from a page of another origin.",
        "Send the value of the CSRF cookie in the `X-CSRFToken` header, from an allowed origin.",
    ),
    ErrorCode::new(
        "error",
        &[500],
        "The server failed. The body has the `request_id` under which the log contains the cause.",
        "Report the request id to the operator of the shop.",
    ),
    ErrorCode::new(
        "idempotency_key_in_use",
        &[409],
        "An earlier request with the same `Idempotency-Key` is still running.",
        "Wait for `Retry-After` and repeat the same request with the same key.",
    ),
    ErrorCode::new(
        "idempotency_key_reused",
        &[422],
        "The `Idempotency-Key` was used with another request within the last 24 hours.",
        "Use a new key for each new request.",
    ),
    ErrorCode::new(
        "invalid_request",
        &[400, 404, 405, 408, 411, 413, 414, 415, 431],
        "The HTTP request is malformed, for example its headers or its transfer coding.",
        "Correct the request as the `detail` says.",
    ),
    ErrorCode::new(
        "job_not_dead",
        &[409],
        "Only a job that has failed for good can be replayed.",
        "Read the job: its status shows if it is waiting, running or completed.",
    ),
    ErrorCode::new(
        "method_not_allowed",
        &[405],
        "The URL exists, but does not support this method.",
        "Use one of the methods of the `Allow` header.",
    ),
    ErrorCode::new(
        "not_acceptable",
        &[406],
        "The `Accept` header excludes every media type of the API.",
        "Accept `application/json`.",
    ),
    ErrorCode::new(
        "not_authenticated",
        &[401],
        "The endpoint requires credentials, and the request has none.",
        "Send an access token, an app token or the session cookie.",
    ),
    ErrorCode::new(
        "not_found",
        &[404],
        "The resource does not exist, or the principal has no access to it. Also: the page does not exist.",
        "Check the id or the page number, and the account that the token belongs to.",
    ),
    ErrorCode::new(
        "parse_error",
        &[400],
        "The body is not valid JSON, form or multipart data.",
        "Correct the syntax of the body as the `detail` says.",
    ),
    ErrorCode::new(
        "permission_denied",
        &[403],
        "The principal does not have the permission that the operation requires.",
        "Ask a staff member who can grant the permission that the operation names.",
    ),
    ErrorCode::new(
        "precondition_failed",
        &[412],
        "`If-Match` names another version than the current one, which the body contains as `version`.",
        "Read the resource again, apply the change to it, and repeat the request with its new `ETag`.",
    ),
    ErrorCode::new(
        "reauthentication_required",
        &[403],
        "The operation requires a recent sign-in, and the session is older.",
        "Let the user sign in again and repeat the request.",
    ),
    ErrorCode::new("request_timeout", &[408], "The request body did not arrive in time.", "Repeat the request."),
    ErrorCode::new(
        "request_too_large",
        &[413, 414, 431],
        "The body, the URL or the headers are larger than the server accepts.",
        "Send less, for example in several requests.",
    ),
    ErrorCode::new(
        "second_factor_required",
        &[403],
        "The shop requires a second factor for staff members, and this one has none.",
        "Set up an authenticator app or a passkey.",
    ),
    ErrorCode::new(
        "service_unavailable",
        &[503],
        "The server is overloaded, or a service that it depends on cannot be reached.",
        "Repeat the request after `Retry-After`.",
    ),
    ErrorCode::new(
        "throttled",
        &[429],
        "The client has sent too many requests, or too many of them are in progress.",
        "Repeat the request after `Retry-After`. The `RateLimit` headers show the limit.",
    ),
    ErrorCode::new(
        "token_not_valid",
        &[401],
        "The access or refresh token is invalid or expired, or its session has ended.",
        "Refresh the access token, or sign in again.",
    ),
    ErrorCode::new(
        "unsupported_media_type",
        &[415],
        "The server does not accept the `Content-Type` of the body.",
        "Send `application/json`.",
    ),
];
