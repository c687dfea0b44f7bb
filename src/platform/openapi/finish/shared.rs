//! Parts of operations that follow from their declaration: error responses, headers, permissions.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use super::edit::{API_PREFIX, set};

/// Adds the schemas of error bodies.
pub(super) fn add_error_schemas(document: &mut Value) {
    set(
        document,
        "/components/schemas/Error",
        json!({
            "type": "object",
            "description": "Error response. Some codes add further members.",
            "required": ["detail", "code"],
            "properties": {
                "detail": {"type": "string", "examples": ["Not found."]},
                "code": {"type": "string", "examples": ["not_found"]},
                "request_id": {"type": "string", "description": "Only for status 5xx: id of the request in the server's log."},
            },
            "additionalProperties": true,
        }),
    );
    set(
        document,
        "/components/schemas/ValidationError",
        json!({
            "type": "object",
            "description": "Validation errors by field, nested like the request body; items of a list by index. \
                            Errors of the object as a whole are under `non_field_errors`. \
                            If the body cannot be parsed, the response has `detail` and `code` instead.",
            "additionalProperties": true,
            "examples": [{"email": ["Enter a valid email address."]}],
        }),
    );
    set(
        document,
        "/components/schemas/ProblemDetails",
        json!({
            "type": "object",
            "description": "Error response by RFC 9457, for `Accept: application/problem+json`.",
            "required": ["type", "title", "status", "detail", "code"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference", "examples": ["about:blank"]},
                "title": {"type": "string", "examples": ["Bad Request"]},
                "status": {"type": "integer", "examples": [400]},
                "detail": {"type": "string", "examples": ["Validation failed."]},
                "code": {"type": "string", "examples": ["invalid"]},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["pointer", "code", "detail"],
                        "properties": {
                            "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the request body.",
                                        "examples": ["/lines/0/quantity"]},
                            "code": {"type": "string", "examples": ["min_value"]},
                            "detail": {"type": "string"},
                        },
                    },
                },
            },
            "additionalProperties": true,
        }),
    );
}

/// Properties of an operation that determine its shared responses.
struct OperationTraits {
    has_path_parameter: bool,
    has_query: bool,
    has_body: bool,
    is_write: bool,
    requires_authentication: bool,
    accepts_idempotency_key: bool,
    accepts_if_match: bool,
    accepts_if_none_match: bool,
    is_list: bool,
}

impl OperationTraits {
    fn new(operation: &Map<String, Value>, path: &str, method: &str) -> Self {
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let parameters: Vec<&Value> = parameters.into_iter().flatten().collect();
        let has = |name: &str| parameters.iter().any(|parameter| parameter.get("name") == Some(&json!(name)));
        Self {
            has_path_parameter: path.contains('{'),
            has_query: parameters.iter().any(|parameter| parameter.get("in") == Some(&json!("query"))),
            has_body: operation.contains_key("requestBody"),
            is_write: method != "get",
            requires_authentication: operation.contains_key("security"),
            accepts_idempotency_key: has("Idempotency-Key"),
            accepts_if_match: has("If-Match"),
            accepts_if_none_match: has("If-None-Match"),
            is_list: has("cursor"),
        }
    }
}

/// Adds the shared parts to an operation.
pub(super) fn complete(operation: &mut Map<String, Value>, path: &str, method: &str) {
    describe_responses(operation);
    remove_unused_headers(operation, path, method);
    describe_permission(operation);
    if !path.starts_with(API_PREFIX) || path.starts_with("/api/docs") {
        return;
    }
    let traits = OperationTraits::new(operation, path, method);
    add_form_media_types(operation);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, response) in responses.iter_mut() {
        let headers = success_headers(status, &traits);
        if let Some(response) = response.as_object_mut().filter(|_| status.starts_with('2')) {
            let known = response.entry("headers").or_insert_with(|| json!({}));
            known.as_object_mut().into_iter().for_each(|known| known.extend(headers.clone()));
        }
    }
    for response in error_responses(&traits) {
        responses.entry(response.status).or_insert_with(|| response.into_json());
    }
    if traits.accepts_if_none_match {
        responses.entry("304").or_insert_with(|| json!({"description": "Not modified"}));
    }
}

/// Adds the standard phrase to responses without a description, which OpenAPI requires.
fn describe_responses(operation: &mut Map<String, Value>) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
    for (status, response) in responses {
        let text = match status.as_str() {
            "200" => "OK",
            "201" => "Created",
            "204" => "No content",
            _ => {
                let status = StatusCode::from_bytes(status.as_bytes()).ok();
                status.and_then(|status| status.canonical_reason()).unwrap_or("Error")
            }
        };
        if let Some(response) = response.as_object_mut() {
            response.entry("description").or_insert_with(|| json!(text));
        }
    }
}

/// Removes `Idempotency-Key` from idempotent methods and `If-Match` from operations that create a resource.
fn remove_unused_headers(operation: &mut Map<String, Value>, path: &str, method: &str) {
    let returns_created = operation.get("responses").and_then(|responses| responses.get("201")).is_some();
    let creates = method == "post" && (returns_created || !path.contains('{'));
    let is_idempotent = matches!(method, "put" | "delete");
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    parameters.retain(|parameter| match parameter.get("name").and_then(Value::as_str) {
        Some("Idempotency-Key") => !is_idempotent,
        Some("If-Match") => !creates,
        _ => true,
    });
}

/// Adds the required permission from the security requirement to the description.
fn describe_permission(operation: &mut Map<String, Value>) {
    let requirement = operation.get("security").and_then(|requirements| requirements.pointer("/0/jwtAuth/0"));
    let Some(permission) = requirement.and_then(Value::as_str).map(str::to_owned) else { return };
    let sentence = format!("Requires the permission `{permission}`.");
    let text = match operation.get("description").and_then(Value::as_str) {
        Some(text) if text.contains(&sentence) => text.to_owned(),
        Some(text) if !text.is_empty() => format!("{text}\n\n{sentence}"),
        _ => sentence,
    };
    operation.insert("description".to_owned(), json!(text));
    operation.insert("x-permission".to_owned(), json!(permission));
}

/// Adds the form media types, which the server accepts wherever it accepts JSON.
fn add_form_media_types(operation: &mut Map<String, Value>) {
    let content = operation.get_mut("requestBody").and_then(|body| body.get_mut("content")?.as_object_mut());
    let Some(content) = content else { return };
    if let Some(json) = content.get("application/json").cloned() {
        content.insert("application/x-www-form-urlencoded".to_owned(), json.clone());
        content.insert("multipart/form-data".to_owned(), json);
    }
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

fn success_headers(status: &str, traits: &OperationTraits) -> Map<String, Value> {
    let mut headers = Map::new();
    let accepts_condition = traits.accepts_if_none_match || traits.accepts_if_match;
    if (accepts_condition || traits.accepts_idempotency_key) && status != "204" {
        headers.insert("ETag".to_owned(), header("`\"version.digest\"`, for `If-None-Match` and `If-Match`"));
    }
    if status == "201" {
        headers.insert("Location".to_owned(), header("URL of the new resource"));
    }
    if traits.accepts_idempotency_key {
        let description = "`true` if this is the stored response of an earlier request with the same key";
        headers.insert("Idempotent-Replayed".to_owned(), header(description));
    }
    if traits.is_list {
        headers.insert("X-Count".to_owned(), header("`estimated` if `count` is an estimate, above 100,000 results"));
    }
    headers.insert("RateLimit".to_owned(), header("Remaining requests, and seconds until the limit resets"));
    headers.insert("RateLimit-Policy".to_owned(), header("Rate limit of this class of requests"));
    headers
}

/// Error response that several operations share.
struct ErrorResponse {
    status: &'static str,
    schema: &'static str,
    description: &'static str,
}

impl ErrorResponse {
    const fn new(status: &'static str, description: &'static str) -> Self {
        Self { status, schema: "Error", description }
    }

    fn into_json(self) -> Value {
        let mut response = json!({
            "description": self.description,
            "content": {
                "application/json": {"schema": {"$ref": format!("#/components/schemas/{}", self.schema)}},
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}},
            },
        });
        let headers = match self.status {
            "401" => json!({"WWW-Authenticate": header("`Bearer realm=\"api\"`")}),
            "429" | "503" => json!({"Retry-After": header("Seconds until the client can retry")}),
            _ => return response,
        };
        set(&mut response, "/headers", headers);
        response
    }
}

/// Returns the error responses of an operation.
fn error_responses(traits: &OperationTraits) -> Vec<ErrorResponse> {
    let validation = ErrorResponse { schema: "ValidationError", ..ErrorResponse::new("400", "Validation failed") };
    let all = [
        (traits.has_body || traits.has_query, validation),
        (true, ErrorResponse::new("401", "Authentication required")),
        (traits.requires_authentication, ErrorResponse::new("403", "Permission denied")),
        (traits.has_path_parameter || traits.has_query, ErrorResponse::new("404", "Not found")),
        (true, ErrorResponse::new("406", "Not acceptable")),
        (traits.is_write, ErrorResponse::new("409", "Conflict")),
        (traits.accepts_if_match, ErrorResponse::new("412", "Precondition failed")),
        (traits.has_body, ErrorResponse::new("413", "Request body too large")),
        (true, ErrorResponse::new("414", "URL too long")),
        (traits.has_body, ErrorResponse::new("415", "Unsupported media type")),
        (traits.accepts_idempotency_key, ErrorResponse::new("422", "Idempotency key reused")),
        (true, ErrorResponse::new("429", "Too many requests")),
        (true, ErrorResponse::new("431", "Headers too large")),
        (true, ErrorResponse::new("503", "Service unavailable")),
    ];
    all.into_iter().filter_map(|(applies, response)| applies.then_some(response)).collect()
}
