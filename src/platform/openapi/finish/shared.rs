//! What follows from an operation's shape, added here once and not in every handler: errors, headers, permissions.

use serde_json::{Map, Value, json};

use super::{PREFIX, set};

/// The schemas of error bodies.
pub(super) fn describe_errors(document: &mut Value) {
    set(
        document,
        "/components/schemas/Error",
        json!({
            "type": "object",
            "description": "Why a request was refused. Some codes add members of their own.",
            "required": ["detail", "code"],
            "properties": {
                "detail": {"type": "string", "examples": ["Not found."]},
                "code": {"type": "string", "examples": ["not_found"]},
                "request_id": {"type": "string", "description": "Only with 5xx: where the log tells more."},
            },
            "additionalProperties": true,
        }),
    );
    set(
        document,
        "/components/schemas/ValidationError",
        json!({
            "type": "object",
            "description": "Messages by field, in the shape of the input; lists are keyed by place. \
                            What concerns no single field is under `non_field_errors`. \
                            A body that cannot be read at all has `detail` and `code` instead.",
            "additionalProperties": true,
            "examples": [{"email": ["Enter a valid email address."]}],
        }),
    );
    set(
        document,
        "/components/schemas/ProblemDetails",
        json!({
            "type": "object",
            "description": "The same error by RFC 9457, for `Accept: application/problem+json`.",
            "required": ["type", "title", "status", "detail", "code"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference", "examples": ["about:blank"]},
                "title": {"type": "string", "examples": ["Bad Request"]},
                "status": {"type": "integer", "examples": [400]},
                "detail": {"type": "string", "examples": ["The input is wrong."]},
                "code": {"type": "string", "examples": ["invalid"]},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["pointer", "code", "detail"],
                        "properties": {
                            "pointer": {"type": "string", "description": "A JSON pointer (RFC 6901) into the body.",
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

/// What an operation is like, as far as shared answers depend on it.
struct Traits {
    is_of_one_thing: bool,
    takes_query: bool,
    takes_body: bool,
    changes: bool,
    is_secured: bool,
    takes_key: bool,
    takes_match: bool,
    takes_none_match: bool,
    is_list: bool,
}

impl Traits {
    fn of(operation: &Map<String, Value>, path: &str, method: &str) -> Self {
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let parameters: Vec<&Value> = parameters.into_iter().flatten().collect();
        let has = |name: &str| parameters.iter().any(|parameter| parameter.get("name") == Some(&json!(name)));
        Self {
            is_of_one_thing: path.contains('{'),
            takes_query: parameters.iter().any(|parameter| parameter.get("in") == Some(&json!("query"))),
            takes_body: operation.contains_key("requestBody"),
            changes: method != "get",
            is_secured: operation.contains_key("security"),
            takes_key: has("Idempotency-Key"),
            takes_match: has("If-Match"),
            takes_none_match: has("If-None-Match"),
            is_list: has("cursor"),
        }
    }
}

/// Adds what every operation of this shape has.
pub(super) fn complete(operation: &mut Map<String, Value>, path: &str, method: &str) {
    describe_answers(operation);
    drop_foreign_headers(operation, path, method);
    tell_permission(operation);
    if !path.starts_with(PREFIX) || path.starts_with("/api/docs") {
        return;
    }
    let traits = Traits::of(operation, path, method);
    take_forms(operation);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, response) in responses.iter_mut() {
        let headers = success_headers(status, &traits);
        if let Some(response) = response.as_object_mut().filter(|_| status.starts_with('2')) {
            let known = response.entry("headers").or_insert_with(|| json!({}));
            known.as_object_mut().into_iter().for_each(|known| known.extend(headers.clone()));
        }
    }
    for (status, schema, description) in errors(&traits) {
        responses.entry(status).or_insert_with(|| error(status, schema, description));
    }
    if traits.takes_none_match {
        responses.entry("304").or_insert_with(|| json!({"description": "The client has it already."}));
    }
}

/// OpenAPI asks for a word on every answer; handlers say what is special.
fn describe_answers(operation: &mut Map<String, Value>) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
    for (status, response) in responses {
        let text = match status.as_str() {
            "200" => "Here it is.",
            "201" => "It is made.",
            "204" => "It is done; there is nothing to show.",
            _ => "Not as it should be.",
        };
        if let Some(response) = response.as_object_mut() {
            response.entry("description").or_insert_with(|| json!(text));
        }
    }
}

/// Keys are for what must not happen twice, tags for what somebody else may have changed.
fn drop_foreign_headers(operation: &mut Map<String, Value>, path: &str, method: &str) {
    let makes = operation.get("responses").and_then(|responses| responses.get("201")).is_some();
    let is_new = method == "post" && (makes || !path.contains('{'));
    let drops_key = matches!(method, "put" | "delete");
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    parameters.retain(|parameter| match parameter.get("name").and_then(Value::as_str) {
        Some("Idempotency-Key") => !drops_key,
        Some("If-Match") => !is_new,
        _ => true,
    });
}

/// The role of the security scheme, where people look for it.
fn tell_permission(operation: &mut Map<String, Value>) {
    let roles = operation.get("security").and_then(|ways| ways.pointer("/0/jwtAuth/0")?.as_str().map(str::to_owned));
    let Some(permission) = roles else { return };
    let sentence = format!("Needs the permission `{permission}`.");
    let text = match operation.get("description").and_then(Value::as_str) {
        Some(text) if !text.is_empty() => format!("{text}\n\n{sentence}"),
        _ => sentence,
    };
    operation.insert("description".to_owned(), json!(text));
    operation.insert("x-permission".to_owned(), json!(permission));
}

/// Forms are read in place of JSON; they are documented where they need no nesting.
fn take_forms(operation: &mut Map<String, Value>) {
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

fn success_headers(status: &str, traits: &Traits) -> Map<String, Value> {
    let mut headers = Map::new();
    if (traits.takes_none_match || traits.takes_match || traits.takes_key) && status != "204" {
        headers.insert("ETag".to_owned(), header("`\"version.digest\"`, for `If-None-Match` and `If-Match`."));
    }
    if status == "201" {
        headers.insert("Location".to_owned(), header("Where the new thing is."));
    }
    if traits.takes_key {
        headers.insert("Idempotent-Replayed".to_owned(), header("`true` where this answer was given before."));
    }
    if traits.is_list {
        headers.insert("X-Count".to_owned(), header("`estimated` where there are more than 100,000."));
    }
    headers.insert("RateLimit".to_owned(), header("What is left of the limit, and when there is more."));
    headers.insert("RateLimit-Policy".to_owned(), header("The limit of this class of requests."));
    headers
}

/// The statuses of refusals, their schemas, and when they are.
fn errors(traits: &Traits) -> Vec<(&'static str, &'static str, &'static str)> {
    let all = [
        (traits.takes_body || traits.takes_query, "400", "ValidationError", "The input is wrong."),
        (true, "401", "Error", "Not signed in, or the token is no longer good."),
        (traits.is_secured, "403", "Error", "Signed in, but without the permission."),
        (
            traits.is_of_one_thing || traits.takes_query,
            "404",
            "Error",
            "Not there, or not yours; or a page past the end; or an unknown `format`.",
        ),
        (true, "406", "Error", "Nothing that the client accepts is written here."),
        (traits.changes, "409", "Error", "In conflict with how things stand; `code` says why."),
        (traits.takes_match, "412", "Error", "Changed since the client saw it: `version` is the present one."),
        (traits.takes_body, "413", "Error", "The body is too large."),
        (true, "414", "Error", "The URL is too long."),
        (traits.takes_body, "415", "Error", "The body is neither JSON nor a form."),
        (traits.takes_key, "422", "Error", "The `Idempotency-Key` was used with another request."),
        (true, "429", "Error", "Too many requests: come back after `Retry-After` seconds."),
        (true, "431", "Error", "The headers are too large."),
        (true, "503", "Error", "Busy, or the database is away: come back after `Retry-After` seconds."),
    ];
    all.into_iter().filter(|(is_so, ..)| *is_so).map(|(_, status, schema, text)| (status, schema, text)).collect()
}

fn error(status: &str, schema: &str, description: &str) -> Value {
    let mut response = json!({
        "description": description,
        "content": {
            "application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}},
        },
    });
    let headers = match status {
        "401" => json!({"WWW-Authenticate": header("`Bearer realm=\"api\"`")}),
        "429" | "503" => json!({"Retry-After": header("Seconds.")}),
        _ => return response,
    };
    set(&mut response, "/headers", headers);
    response
}
